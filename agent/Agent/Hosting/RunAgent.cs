using System.Reflection;
using Microsoft.Extensions.Logging;
using Montalegre.Vdi.Agent.Joining;
using Montalegre.Vdi.Agent.Registration;
using Montalegre.Vdi.Agent.Sessions;

namespace Montalegre.Vdi.Agent.Hosting;

/// <summary>Puts the agent together by hand (a container would cost start-up time in the guest) and runs it until stopped.</summary>
internal static class RunAgent
{
    public static string Version { get; } =
        typeof(RunAgent).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    public static async Task RunAsync(IGuest guest, Outbox outbox, SessionBoard board, AgentOptions options, TimeProvider time, ILogger log, CancellationToken ct)
    {
        BackOff Fresh() => new(options.BackOffLeast, options.BackOffMost, Random.Shared);
        var store = new IdentityStore(options.StateDirectory);
        var desk = new CommandDesk(guest, outbox, time, log);
        var stream = new BrokerStream(guest, board, outbox, desk, time, log);
        var obtain = new ObtainIdentity(guest, store, Fresh(), options, time, log);
        var connected = new StayConnected(obtain, store, stream, new StandStill(guest, time, log), Fresh(), time, log);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var watching = guest.WatchAsync(board, ending.Token);
        var connecting = connected.RunAsync(ending.Token);
        try
        {
            await await Task.WhenAny(watching, connecting);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll(watching, connecting).ContinueWith(static _ => { }, TaskScheduler.Default);
        }
    }
}
