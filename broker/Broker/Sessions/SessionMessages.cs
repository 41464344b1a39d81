using Google.Protobuf.WellKnownTypes;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using SessionState = Montalegre.Vdi.Contracts.Admin.V1.SessionState;

namespace Montalegre.Vdi.Broker.Sessions;

/// <summary>Rows as the public API shows them.</summary>
internal static class SessionMessages
{
    public static Session ToMessage(this SessionRow row) => new()
    {
        SessionId = row.SessionId.ToString("D"),
        State = row.State switch
        {
            "pending" => SessionState.Pending,
            "active" => SessionState.Active,
            "disconnected" => SessionState.Disconnected,
            _ => SessionState.Ended,
        },
        UserId = row.UserId.ToString("D"),
        UserName = row.UserName,
        DisplayName = row.DisplayName,
        MachineId = row.MachineId.ToString("D"),
        MachineName = row.MachineName,
        PoolId = row.PoolId.ToString("D"),
        PoolName = row.PoolName,
        SiteName = row.SiteName ?? "",
        StartedAt = row.StartedAt.ToTimestamp(),
        StateSince = row.StateSince.ToTimestamp(),
        EndedAt = row.EndedAt?.ToTimestamp(),
        EndReason = row.EndReason ?? "",
        ClientName = row.ClientName ?? "",
        ClientAddress = row.ClientAddress ?? "",
        Connected = row.Connected,
        IdleSeconds = (uint)Math.Max(0, row.IdleSeconds ?? 0),
        IdleKnown = row.IdleSeconds is not null,
        LockedSince = row.LockedSince?.ToTimestamp(),
        LogonMilliseconds = (uint)Math.Max(0, row.LogonMilliseconds),
        Assistance = row.Assistance is null ? AssistanceState.Unspecified : System.Enum.Parse<AssistanceState>(row.Assistance, ignoreCase: true),
        AssistanceAt = row.AssistanceAt?.ToTimestamp(),
        ApplicationId = row.ApplicationId?.ToString("D") ?? "",
        ApplicationName = row.ApplicationName ?? "",
        Applications = { row.Programs.Split(SessionStore.NameEnd, StringSplitOptions.RemoveEmptyEntries) },
    };

    public static LogonPhase ToMessage(this PhaseRow row) =>
        new() { Name = row.Name, StartedAt = row.StartedAt.ToTimestamp(), EndedAt = row.EndedAt?.ToTimestamp() };

    public static Connection ToMessage(this ConnectionRow row) => new()
    {
        ConnectionId = row.ConnectionId.ToString("D"),
        GatewayName = row.GatewayName ?? "",
        ClientAddress = row.ClientAddress,
        ClientName = row.ClientName,
        OpenedAt = row.OpenedAt?.ToTimestamp(),
        ClosedAt = row.ClosedAt?.ToTimestamp(),
        End = row.EndReason ?? "",
        BytesFromClient = (ulong)row.BytesFromClient,
        BytesFromMachine = (ulong)row.BytesFromMachine,
    };
}
