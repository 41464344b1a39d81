using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Power;

/// <summary>Sends a sleeping computer its next packet. Whether it woke, its agent says.</summary>
internal sealed class WakeComputer(WakeStore store, WakePackets packets, IOptions<WakeOptions> options)
{
    public async Task RunAsync(MachineId machine, OperationId operation, CancellationToken ct)
    {
        var cards = await store.AddressesAsync(machine, ct);
        var macs = cards.Count == 0 ? "no card is known any more" : string.Join(", ", cards.Select(c => c.Mac));
        // Counted before it is sent: a broker that is killed in between sends one packet less, and no more than are planned.
        if (!await store.CountAsync(operation, options.Value.Again, $"Its agent did not report within {options.Value.GiveUpAfter.TotalMinutes:0.#} minutes of the first packet ({macs}).")) return;
        string? error = null;
        try { await packets.SendAsync(cards, ct); }
        catch (SocketException e) { error = $"The packet could not be sent: {e.Message}"; }
        await store.NoteAsync(operation, error);
    }
}
