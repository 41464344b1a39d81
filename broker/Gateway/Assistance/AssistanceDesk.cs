using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Relay;

namespace Montalegre.Vdi.Gateway.Assistance;

/// <summary>Hands what the broker says of assistances to the desktops it is about.</summary>
internal sealed class AssistanceDesk(OpenConnections connections, AssistanceReports reports)
{
    public async Task ApplyAsync(AssistanceUpdate update)
    {
        var orders = update.Snapshot ?? update.Changes;
        if (update.Snapshot is not null)
        {
            var open = orders.Orders.Select(o => o.AssistanceId).ToHashSet();
            await Task.WhenAll(Desktops.Select(d => d.Assistance.KeepOnlyAsync(open)));
        }
        foreach (var order in orders.Orders)
        {
            if (connections.Find(order.ConnectionId)?.Carrier is IAssistedDesktop desktop) await desktop.Assistance.ApplyAsync(order);
            else if (order.Step != AssistanceStep.Over) reports.Over(order.AssistanceId, AssistanceEnd.Connection);
        }
    }

    /// <summary>The broker is away for longer than anybody may look without being asked about.</summary>
    public Task EndAllUnaskedAsync() => Task.WhenAll(Desktops.Select(d => d.Assistance.EndUnaskedAsync()));

    private IEnumerable<IAssistedDesktop> Desktops => connections.All.Select(c => c.Carrier).OfType<IAssistedDesktop>();
}
