using Montalegre.Vdi.Tls;

namespace Montalegre.Vdi.Gateway.Relay;

/// <summary>Two streams joined until one of them, or somebody with a reason, ends it. It never looks at a byte.</summary>
/// <remarks>
/// No cancellation token reaches the reads: a registration on each of four sockets would cost memory for as long as a
/// session lasts. <see cref="End"/> closes the streams instead, and the pumps see that as their end.
/// </remarks>
/// <param name="ending">Is told the reason before the streams are closed.</param>
internal sealed class Relay(Stream client, Stream machine, Action<RelayEnd>? ending = null) : ICarrier
{
    private const int StillRunning = -1;
    private static readonly TimeSpan FarewellDeadline = TimeSpan.FromSeconds(2);

    private readonly RelayPump _fromClient = new(client, machine);
    private readonly RelayPump _fromMachine = new(machine, client);
    private int _end = StillRunning;
    private Task? _machineToClient;

    public long BytesFromClient => _fromClient.Bytes;

    public long BytesFromMachine => _fromMachine.Bytes;

    /// <summary>Starts machine to client alone, for the part of the handshake where the other direction is still read and rewritten.</summary>
    public void BeginMachineToClient()
    {
        if (_machineToClient is not null) return;
        if (client is PolledStream c && machine is PolledStream m) m.PollWith(c);
        _machineToClient = PumpAsync(_fromMachine, RelayEnd.MachineClosed, RelayEnd.MachineLost, RelayEnd.ClientClosed);
    }

    /// <summary>Runs both directions; answers when both have stopped and both streams are closed.</summary>
    public async Task<RelayEnd> RunAsync()
    {
        BeginMachineToClient();
        await Task.WhenAll(_machineToClient!, PumpAsync(_fromClient, RelayEnd.ClientClosed, RelayEnd.ClientClosed, RelayEnd.MachineClosed));
        return (RelayEnd)_end;
    }

    /// <summary>Ends a relay that only ever ran <see cref="BeginMachineToClient"/>.</summary>
    public async Task AbandonAsync(RelayEnd end)
    {
        await EndAsync(end);
        if (_machineToClient is not null) await _machineToClient;
    }

    /// <summary>Ends the relay for a reason; the first reason stands.</summary>
    public async Task EndAsync(RelayEnd end)
    {
        if (Interlocked.CompareExchange(ref _end, (int)end, StillRunning) != StillRunning) return;
        ending?.Invoke(end);
        // Each side gets a proper farewell where it still listens; a side that does not take it in time is simply closed.
        await Task.WhenAll(CloseAsync(client), CloseAsync(machine));
    }

    private async Task PumpAsync(RelayPump pump, RelayEnd whenSourceEnds, RelayEnd whenSourceBreaks, RelayEnd whenTargetEnds)
    {
        // The pump may end in the thread that polls everybody's sockets; what follows logs and reports.
        await EndAsync(await pump.RunAsync().ConfigureAwait(ConfigureAwaitOptions.ForceYielding) switch
        {
            PumpEnd.SourceEnded => whenSourceEnds,
            PumpEnd.SourceBroke => whenSourceBreaks,
            _ => whenTargetEnds,
        });
    }

    private static async Task CloseAsync(Stream stream)
    {
        if (stream is TlsStream tls)
        {
            using var deadline = new CancellationTokenSource(FarewellDeadline);
            try { await tls.ShutdownAsync(deadline.Token); }
            catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
            {
                // The peer went first, takes no more bytes, or never shook hands; closing the socket says the same.
            }
        }
        await stream.DisposeAsync();
    }
}
