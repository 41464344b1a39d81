using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Contracts.Agent.V1;

namespace Montalegre.Vdi.Broker.Sessions;

/// <summary>Shows a pool's message of the day on the desktops of those who have just logged on, once a session.</summary>
internal sealed class GreetSessions(SessionStore sessions, AgentDirectory agents, Node node, IOptions<SessionOptions> options)
{
    private const int MostAtOnce = 64;

    public async Task RunAsync(CancellationToken ct)
    {
        var rows = await sessions.ToGreetAsync(node, MostAtOnce, ct);
        await Parallel.ForEachAsync(rows, new ParallelOptions { MaxDegreeOfParallelism = MostAtOnce, CancellationToken = ct }, async (row, stop) =>
        {
            var message = new ShowMessage { GuestSessionId = row.GuestSessionId, Title = row.PoolName, Text = row.Message };
            var outcome = await agents.SendAsync(new(row.MachineId), new Command { Message = message }, options.Value.CommandWithin, stop);
            // Shown, or refused for good: an agent that has gone meanwhile is asked again when it is back.
            if (outcome is not CommandOutcome.NotConnected) await sessions.GreetedAsync(row);
        });
    }
}
