using Google.Protobuf.WellKnownTypes;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Launch;

/// <summary>Turns a row of the employee's list into what the portal shows: a state in one word and, if it is bad news, a reason.</summary>
internal static class DesktopCard
{
    public static Desktop From(OfferedDesktop row)
    {
        var (state, reason) = State(row);
        var card = new Desktop { PoolId = row.PoolId.ToString(), Name = row.Name, Description = row.Description, State = state, MachineName = row.MachineName ?? "", ClientName = row.ClientName ?? "", MessageOfTheDay = row.MessageOfTheDay, BrowserFirst = row.WayIn == "browser", Favourite = row.Favourite, SharedMachine = row.SharedMachine, Locked = row is { SessionId: not null, Locked: true } };
        if (row.ApplicationId is { } application) (card.ApplicationId, card.ApplicationIcon) = (application.ToString(), row.Icon);
        if (reason is RefusalReason.OtherProgramOpen) card.OpenInstead = row.OpenApplication is { Length: > 0 } open ? open : row.PoolName;
        BlockedFeatures.Fill(card.BlockedFeatures, row.BlockedFeatures);
        if (reason is { } why) card.Reason = why.ToContract();
        // The session is told of by the cards of what runs in it.
        if (row.SessionId is not null && state is DesktopState.Ready)
        {
            card.OpensBeside = row.OpenApplication ?? "";
            return card;
        }
        if (row.SessionId is { } session) card.SessionId = session.ToString();
        if (row.StartedAt is { } at) card.SessionSince = Timestamp.FromDateTime(DateTime.SpecifyKind(at, DateTimeKind.Utc));
        return card;
    }

    /// <summary>The card of an application: its own name, and the state of its pool.</summary>
    public static Desktop From(OfferedApplication row, OfferedDesktop pool) => From(pool with { ApplicationId = row.ApplicationId, Name = row.Name, Description = row.Description, Favourite = row.Favourite, PoolName = pool.Name, Icon = row.Icon });

    private static (DesktopState, RefusalReason?) State(OfferedDesktop row) => row switch
    {
        { SessionId: not null } when IsOther(row) && row is not { ApplicationId: not null, OpenApplicationId: not null, StartsPrograms: true } => (DesktopState.Unavailable, RefusalReason.OtherProgramOpen),
        { SessionId: not null, MachineState: "unreachable", Sleeps: true } => (DesktopState.Wait, RefusalReason.WaitingForWake),
        { SessionId: not null, MachineState: not ("reserved" or "in_use") } => (DesktopState.Unavailable, RefusalReason.MachineUnreachable),
        { SessionId: not null } when IsOther(row) => (DesktopState.Ready, Lock(row)),
        { SessionState: "active" } => (DesktopState.SessionActive, Lock(row)),
        { SessionState: "disconnected" } => (DesktopState.SessionDisconnected, Lock(row)),
        { SessionState: "pending" } => (DesktopState.SessionPending, Lock(row)),
        { Enabled: false } => (DesktopState.Unavailable, RefusalReason.PoolDisabled),
        { FreeMachine: true } => (DesktopState.Ready, null),
        { Sleeps: true } => (DesktopState.Wait, RefusalReason.WaitingForWake),
        _ => (DesktopState.Wait, RefusalReason.WaitingForMachine),
    };

    private static bool IsOther(OfferedDesktop row) => row.ApplicationId is { } one && row.OpenApplications.Length > 0 ? !row.OpenApplications.Contains(one) : row.OpenApplicationId != row.ApplicationId;

    private static RefusalReason? Lock(OfferedDesktop row) => row is { Locked: true, SignInOlder: true } ? RefusalReason.SessionLocked : null;
}
