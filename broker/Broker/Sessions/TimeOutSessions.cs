using System.Globalization;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Gateways;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Sessions;

/// <summary>
/// Takes the step that a pool's time-outs ask for. Each node does it for the agents it can reach. The order goes out
/// before it is recorded: a broker killed in between gives it again, and each order may be given twice.
/// </summary>
internal sealed class TimeOutSessions(
    SessionStore sessions, AgentDirectory agents, GatewayDirectory gateways, Node node, IOptions<SessionOptions> options, ILogger<TimeOutSessions> log)
{
    private const int MostAtOnce = 64;
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(30);

    public async Task RunAsync(CancellationToken ct)
    {
        var due = await sessions.DueAsync(node, Again, MostAtOnce, ct);
        await Parallel.ForEachAsync(due, new ParallelOptions { MaxDegreeOfParallelism = MostAtOnce, CancellationToken = ct }, async (row, stop) => await OneAsync(row, stop));
        var lost = await sessions.RightLostAsync(node, Again, MostAtOnce, ct);
        await Parallel.ForEachAsync(lost, new ParallelOptions { MaxDegreeOfParallelism = MostAtOnce, CancellationToken = ct }, async (row, stop) => await RightLostAsync(row, stop));
    }

    // The gateway first: only it can tell the person why.
    private async Task RightLostAsync(TimedRow row, CancellationToken ct)
    {
        if (await sessions.OpenConnectionAsync(new(row.SessionId), ct) is { } connection) await gateways.CloseConnectionAsync(connection, ReasonCode.NotEntitled, ct);
        await sessions.RightLostOrderedAsync(row, await SendAsync(row, SessionOrder.LogOff(row.GuestSessionId), ct));
        log.SessionTimedOut(row.SessionId, TimeoutStep.LogOff);
    }

    private async Task OneAsync(TimedRow row, CancellationToken ct)
    {
        var active = row.State == "active";
        // Heartbeats are seconds old; nobody loses a connection he has just used.
        var idle = active ? await IdleAsync(row, ct) : null;
        if (active) await sessions.TouchedAsync(row, idle ?? TimeSpan.Zero);
        var step = row.Timeouts.Decide(row.Timed(idle));
        switch (step)
        {
            case TimeoutStep.Warn:
                var (title, text) = TimeoutWords.Warning(row.Timeouts.Idle!.Value, row.Timeouts.Disconnected);
                await sessions.WarnedAsync(row, await SendAsync(row, new Command { Message = new ShowMessage { GuestSessionId = row.GuestSessionId, Title = title, Text = text } }, ct));
                break;
            case TimeoutStep.Disconnect:
                // The gateway first: only it can tell the person why.
                if (await sessions.OpenConnectionAsync(new(row.SessionId), ct) is { } connection) await gateways.CloseConnectionAsync(connection, ReasonCode.IdleTooLong, ct);
                await sessions.TimedOutAsync(row, await SendAsync(row, new Command { Disconnect = new Disconnect { GuestSessionId = row.GuestSessionId } }, ct));
                break;
            case TimeoutStep.LogOff:
                await sessions.TimedOutAsync(row, await SendAsync(row, SessionOrder.LogOff(row.GuestSessionId), ct));
                break;
            default:
                return;
        }
        log.SessionTimedOut(row.SessionId, step);
    }

    private async Task<TimeSpan?> IdleAsync(TimedRow row, CancellationToken ct) =>
        await agents.SendAsync(new(row.MachineId), new Command { ReadIdle = new ReadIdle { GuestSessionId = row.GuestSessionId } }, options.Value.CommandWithin, ct) is CommandOutcome.Ok ok ? ok.Idle : null;

    // Silent is no refusal: programs take their time to close, and the order comes again if the session stays.
    private async Task<string> SendAsync(TimedRow row, Command command, CancellationToken ct) =>
        await agents.SendAsync(new(row.MachineId), command, options.Value.CommandWithin, ct) switch
        {
            CommandOutcome.Ok => "ok",
            CommandOutcome.Refused => "NOT_SUPPORTED",
            CommandOutcome.Silent when command.LogOff is not null => "ok",
            _ => "AGENT_SILENT",
        };
}

/// <summary>What an idle person reads on the desktop, in both languages: a guest does not say which one it speaks.</summary>
internal static class TimeoutWords
{
    public static (string Title, string Text) Warning(TimeSpan idle, TimeSpan? disconnected)
    {
        var (left, after) = (SessionTimeouts.WarningBefore(idle), idle - SessionTimeouts.WarningBefore(idle));
        var (kept, keptEn) = disconnected is { } until
            ? ($"A sessão e os programas ficam abertos {Span(until, "minuto", "minutos")}.", $"The session and its programs stay open for {Span(until, "minute", "minutes")}.")
            : ("A sessão e os programas ficam abertos.", "The session and its programs stay open.");
        return ("Sem atividade / No activity",
            $"Ninguém usa este ambiente de trabalho há {Span(after, "minuto", "minutos")}. A ligação fecha dentro de {Span(left, "minuto", "minutos")}. {kept}\n"
            + "Para continuar, mexa no rato ou prima uma tecla.\n\n"
            + $"Nobody has used this desktop for {Span(after, "minute", "minutes")}. The connection closes in {Span(left, "minute", "minutes")}. {keptEn}\n"
            + "To go on, move the mouse or press a key.\n");
    }

    private static string Span(TimeSpan time, string one, string many) => time.TotalSeconds % 60 == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:0} {(time.TotalMinutes == 1 ? one : many)}")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0} s");
}
