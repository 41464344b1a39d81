using Grpc.Core;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Agents;

/// <summary>One open stream of one agent. There are thousands, so that each is small: no buffers, no task of its own.</summary>
internal sealed class AgentStream(MachineId machine, string bootId, string address, IServerStreamWriter<BrokerMessage> writer, TimeProvider time) : IDisposable
{
    private readonly CancellationTokenSource _cut = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Lock _lock = new();
    private Dictionary<string, TaskCompletionSource<CommandOutcome>>? _waiting;

    /// <summary>The machine behind the certificate.</summary>
    public MachineId Machine { get; } = machine;

    /// <summary>Changes at every boot of the guest.</summary>
    public string BootId { get; } = bootId;

    /// <summary>Where the stream comes from, without port.</summary>
    public string Address { get; } = address;

    /// <summary>Monotonic time of the last message.</summary>
    public long LastHeard { get; set; } = time.GetTimestamp();

    /// <summary>When a newer stream with the same certificate took over; null while this is the machine's stream.</summary>
    public long? SupersededAt { get; set; }

    /// <summary>Signalled when the stream must end.</summary>
    public CancellationToken Ended => _cut.Token;

    /// <summary>Why the broker ends it; null when it simply has no more use for it.</summary>
    public RefusalReason? CutBecause { get; private set; }

    /// <summary>Ends the stream; its own reader leaves and cleans up.</summary>
    public void Cut(RefusalReason? because)
    {
        CutBecause ??= because;
        _cut.Cancel();
    }

    /// <summary>Sends one message; writers take turns because a stream allows only one write at a time.</summary>
    public async Task SendAsync(BrokerMessage message, CancellationToken ct)
    {
        await _writing.WaitAsync(ct);
        try
        {
            await writer.WriteAsync(message, ct);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Sends a command and waits for its result.</summary>
    public async Task<CommandOutcome> AskAsync(Command command, TimeSpan timeout, CancellationToken ct)
    {
        var answer = new TaskCompletionSource<CommandOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock) (_waiting ??= []).Add(command.CommandId, answer);
        using var deadline = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, _cut.Token, ct);
        try
        {
            await SendAsync(new BrokerMessage { Command = command }, either.Token);
            return await answer.Task.WaitAsync(either.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or InvalidOperationException or RpcException or IOException && !ct.IsCancellationRequested)
        {
            // Half a stream: the command may or may not have arrived, and that is what Silent says.
            return new CommandOutcome.Silent();
        }
        finally
        {
            lock (_lock) _waiting!.Remove(command.CommandId);
        }
    }

    /// <summary>Hands a result to whoever waits for it; late and invented ones are dropped.</summary>
    public void Answer(CommandResult result)
    {
        TaskCompletionSource<CommandOutcome>? answer;
        lock (_lock)
        {
            if (_waiting is null || !_waiting.TryGetValue(result.CommandId, out answer)) return;
        }
        answer.TrySetResult(result.Ok ? new CommandOutcome.Ok(Bounded.Time(result.Idle)) : new CommandOutcome.Refused(Bounded.Text(result.Error, 500)));
    }

    // The two sources hold nothing native, and somebody may still wait on them or cut a stream that has just ended.
    public void Dispose() => _cut.Cancel();
}
