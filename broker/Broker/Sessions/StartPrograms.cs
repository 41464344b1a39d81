using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Gateways;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Sessions;

/// <summary>
/// Has agents start further published applications in sessions of one (ADR 55). What is to run is a row that the launch
/// wrote: an order that was lost with its broker or its agent is given again, under the launch's id.
/// </summary>
internal sealed class StartPrograms(SessionStore sessions, AgentDirectory agents, Node node, IOptions<SessionOptions> options, TimeProvider time, ILogger<StartPrograms> log)
{
    /// <summary>How agents call the program that a session was opened with; others go by their application's id.</summary>
    internal const string FirstName = "first";

    private const int MostAtOnce = 64;
    private readonly Bell _bell = new(time);

    /// <summary>A session may be there now that was waited for: looked at without waiting for the next sweep.</summary>
    public void Ring() => _bell.Ring();

    /// <summary>Returns at a ring, at the latest after a time.</summary>
    public Task NextAsync(TimeSpan atMost, CancellationToken ct) => _bell.NextAsync(atMost, ct);

    /// <summary>Orders what is still due, of agents of this node.</summary>
    public async Task RunAsync(CancellationToken ct) => await Parallel.ForEachAsync(
        await sessions.ProgramsDueAsync(node, MostAtOnce, ct), new ParallelOptions { MaxDegreeOfParallelism = MostAtOnce, CancellationToken = ct },
        async (row, stop) => await OrderAsync(row, 3 * options.Value.CommandWithin, stop));    // a session that has just been opened starts its first program meanwhile

    /// <summary>
    /// Has the program run in that session before its person gets there. False: the machine cannot. True also where it was not
    /// ordered: the desktop is not there yet, or its agent is away, and then it is ordered when that changes.
    /// </summary>
    public async Task<bool> RunAsync(SessionId session, Guid application, CancellationToken ct) =>
        await sessions.ProgramAsync(session, application, ct) is not { } row || await OrderAsync(row, options.Value.CommandWithin, ct);

    private async Task<bool> OrderAsync(ProgramRow row, TimeSpan within, CancellationToken ct)
    {
        if (row.GuestSessionId is not { } guest) return true;
        var command = new Command
        {
            StartProgram = new StartProgram
            {
                GuestSessionId = guest, LaunchId = row.LaunchId.ToString("D"), Name = row.First ? FirstName : row.ApplicationId.ToString("D"),
                Line = ProgramLine.Bare(row.Program, row.Arguments, row.OsFamily),
            },
        };
        switch (await agents.SendAsync(new(row.MachineId), command, within, ct))
        {
            case CommandOutcome.Ok:
                await sessions.ProgramStartedAsync(row);
                return true;
            case CommandOutcome.Refused refused when row.Due:
                log.ProgramRefused(new(row.SessionId), refused.Text);
                await sessions.ProgramRefusedAsync(row);
                return false;
            default:
                return true;      // it runs as far as is known, or whether the agent is there shows when the person comes
        }
    }
}
