using Microsoft.Extensions.Logging;
using Montalegre.Vdi.Agent.Hosting;
using Montalegre.Vdi.Agent.Sessions;
using Montalegre.Vdi.Contracts.Agent.V1;

namespace Montalegre.Vdi.Agent.Registration;

/// <summary>
/// Takes the broker's commands. Refuses what is old, expired or unknown with a sentence; runs the rest one beside the
/// other, so that a slow log-off does not hold up a sign-in; answers a repeated command with the first answer.
/// </summary>
internal sealed class CommandDesk(IGuest guest, Outbox outbox, TimeProvider time, ILogger log)
{
    private const int MostAtOnce = 16;
    private const int Remembered = 256;
    private static readonly TimeSpan LongestLifetime = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, CommandResult?> _answers = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();
    private ulong _newestEpoch;
    private int _running;

    /// <summary>Never throws; the answer goes to the outbox.</summary>
    public async Task TakeAsync(Command command, CancellationToken ct)
    {
        CommandResult result;
        if (Admit(command, out var lifetime, out var known) is { } refusal)
        {
            if (known is { Running: true }) return;
            result = known?.Result ?? Refused(command, refusal);
        }
        else
        {
            result = await RunAsync(command, lifetime, ct);
            lock (_lock)
            {
                _running--;
                _answers[command.CommandId] = result;
            }
        }
        outbox.Post(new AgentMessage { Result = result });
    }

    private string? Admit(Command command, out TimeSpan lifetime, out (bool Running, CommandResult? Result)? known)
    {
        known = null;
        lifetime = command.Lifetime is null ? TimeSpan.Zero : Bounded(command.Lifetime);
        lock (_lock)
        {
            if (command.CommandId.Length is 0 or > 128) return "the command has no usable id";
            if (_answers.TryGetValue(command.CommandId, out var answer))
            {
                known = (answer is null, answer);
                return "the command came before";
            }
            if (command.Epoch < _newestEpoch) return $"epoch {command.Epoch} is older than {_newestEpoch}: another broker leads now";
            _newestEpoch = command.Epoch;
            if (lifetime <= TimeSpan.Zero) return "the command has expired";
            if (command.KindCase == Command.KindOneofCase.None) return "this agent does not know the command; update the agent";
            if (_running >= MostAtOnce) return $"{MostAtOnce} commands are running already; try again";
            _running++;
            _answers[command.CommandId] = null;
            _order.Enqueue(command.CommandId);
            while (_order.Count > Remembered) _answers.Remove(_order.Dequeue());
            return null;
        }
    }

    // A duration from the wire may be out of range of any clock.
    private static TimeSpan Bounded(Google.Protobuf.WellKnownTypes.Duration duration) =>
        duration.Seconds > LongestLifetime.TotalSeconds ? LongestLifetime
        : duration.Seconds < 0 || duration.Nanos is < 0 or > 999_999_999 ? TimeSpan.Zero
        : duration.ToTimeSpan();

    private async Task<CommandResult> RunAsync(Command command, TimeSpan lifetime, CancellationToken ct)
    {
        var kind = command.KindCase.ToString();
        using var deadline = new CancellationTokenSource(lifetime, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, deadline.Token);
        try
        {
            var result = new CommandResult { CommandId = command.CommandId, Ok = true };
            var error = command.KindCase == Command.KindOneofCase.ReadIdle ? await ReadIdleAsync(command.ReadIdle, result, either.Token) : await ObeyAsync(command, lifetime, either.Token);
            if (error is not null) return Refused(command, error);
            // The same trace as the launch, so that one search finds what portal, broker, gateway and machine did.
            log.CommandDone(command.CommandId, kind, command.PrepareSignIn is { TraceParent.Length: > 0 and <= 55 } signIn ? signIn.TraceParent : "none");
            return result;
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return Refused(command, $"it was not done within its {lifetime.TotalSeconds:0} s");
        }
        catch (Exception e)
        {
            log.CommandFailed(command.CommandId, kind, e);
            return new CommandResult { CommandId = command.CommandId, Error = $"the agent failed at {kind}: {e.Message}" };
        }
    }

    private Task<string?> ObeyAsync(Command command, TimeSpan lifetime, CancellationToken ct) => command.KindCase switch
    {
        Command.KindOneofCase.PrepareSignIn => guest.PrepareSignInAsync(command.PrepareSignIn, lifetime, ct),
        Command.KindOneofCase.LogOff => guest.LogOffAsync(command.LogOff.GuestSessionId, ct),
        Command.KindOneofCase.Disconnect => guest.DisconnectAsync(command.Disconnect.GuestSessionId, ct),
        Command.KindOneofCase.Lock => guest.LockAsync(command.Lock.GuestSessionId, ct),
        Command.KindOneofCase.Unlock => guest.UnlockAsync(command.Unlock.GuestSessionId, command.Unlock.DisconnectFirst, ct),
        Command.KindOneofCase.Message => guest.ShowMessageAsync(command.Message.GuestSessionId, command.Message.Title, command.Message.Text, ct),
        Command.KindOneofCase.StartProgram => guest.StartProgramAsync(command.StartProgram, ct),
        Command.KindOneofCase.Restart => guest.RestartAsync(command.Restart.Force, ct),
        _ => Task.FromResult<string?>("this agent does not know the command; update the agent"),
    };

    private async Task<string?> ReadIdleAsync(ReadIdle question, CommandResult answer, CancellationToken ct)
    {
        var times = await guest.IdleTimesAsync(ct);
        answer.Idle = times.FirstOrDefault(t => t.GuestSessionId == question.GuestSessionId)?.Idle;
        return null;
    }

    private CommandResult Refused(Command command, string error)
    {
        log.CommandRefused(command.CommandId, command.KindCase.ToString(), error);
        return new CommandResult { CommandId = command.CommandId, Error = error };
    }
}
