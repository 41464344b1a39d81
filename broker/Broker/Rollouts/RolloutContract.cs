using Google.Protobuf.WellKnownTypes;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Domain;
using RolloutState = Montalegre.Vdi.Contracts.Admin.V1.RolloutState;

namespace Montalegre.Vdi.Broker.Rollouts;

/// <summary>Rows and requests of this slice as the public contract says them. Bad input is refused by field.</summary>
internal static class RolloutContract
{
    private const uint MostMachines = 5000;
    private const uint MostWarnMinutes = 24 * 60;

    public static Rollout From(RolloutRow row, IEnumerable<ProbeRow> probes)
    {
        var rollout = new Rollout
        {
            RolloutId = row.RolloutId.ToString(), PoolId = row.PoolId.ToString(), PoolName = row.PoolName, FromVersionId = row.FromVersionId.ToString(), FromName = row.FromName,
            ToVersionId = row.ToVersionId.ToString(), ToName = row.ToName, State = State(row.State), StateSince = row.StateSince.ToTimestamp(), Canaries = (uint)row.Canaries,
            WavePercent = (uint)row.WavePercent, KeepReady = (uint)row.KeepReady, SlowdownPercent = (uint)row.SlowdownPercent, ForceAt = row.ForceAt?.ToTimestamp(),
            WarnMinutes = (uint)row.WarnMinutes, WarnedAt = row.WarnedAt?.ToTimestamp(), AskedBy = row.AskedBy, StartedAt = row.StartedAt.ToTimestamp(), EndedAt = row.EndedAt?.ToTimestamp(),
            OldLogonMs = Ms(row.OldLogonMs), NewLogonMs = Ms(row.NewLogonMs), MachinesOld = (uint)row.MachinesOld, MachinesNew = (uint)row.MachinesNew, Changing = (uint)row.Changing,
            InUseOld = (uint)row.InUseOld, Ready = (uint)row.Ready, Personal = (uint)row.Personal,
            Halted = Reason(row.HaltReason, row.HaltDetail), Waiting = Reason(row.WaitingReason, null),
            HaltedIn = row.HaltedIn is { } halted ? State(halted) : RolloutState.Unspecified,
        };
        rollout.Probes.Add(probes.Select(p => new RolloutProbe
        {
            MachineId = p.MachineId.ToString(), MachineName = p.MachineName, State = p.State, GatewayName = p.GatewayName ?? "", BeganAt = p.BeganAt?.ToTimestamp(), EndedAt = p.EndedAt?.ToTimestamp(),
            RedeemedMs = Ms(p.RedeemedMs), StartedMs = Ms(p.StartedMs), PictureMs = Ms(p.PictureMs), LogonMs = Ms(p.LogonMs), Failed = Reason(p.Reason, null),
        }));
        return rollout;
    }

    public static NewRollout Read(StartRolloutRequest request, Guid id, DateTimeOffset now)
    {
        var forceAt = request.ForceAt?.ToDateTimeOffset();
        if (forceAt < now) throw Refusal.Refused(RefusalReason.InvalidField, "force_at: a time to come");
        return new(
            id, Ids.Parse(request.PoolId, "pool_id"), Ids.Parse(request.ImageVersionId, "image_version_id"), Within(request.Canaries, 1, 1, 100, "canaries"), Within(request.WavePercent, 25, 1, 100, "wave_percent"),
            request.HasKeepReady ? Within(request.KeepReady, 0, 0, MostMachines, "keep_ready") : null, request.HasSlowdownPercent ? Within(request.SlowdownPercent, 0, 0, 1000, "slowdown_percent") : 50,
            TimeSpan.FromSeconds(Within(request.StartWithinSeconds, 300, 10, 3600, "start_within_seconds")), forceAt?.UtcDateTime,
            TimeSpan.FromMinutes(Within(request.WarnMinutes, 15, 1, MostWarnMinutes, "warn_minutes")));
    }

    private static RolloutState State(string state) => state switch
    {
        "canary" => RolloutState.Canary,
        "proving" => RolloutState.Proving,
        "waves" => RolloutState.Waves,
        "halted" => RolloutState.Halted,
        "rolling_back" => RolloutState.RollingBack,
        "done" => RolloutState.Done,
        _ => RolloutState.RolledBack,
    };

    private static Reason? Reason(string? name, string? detail) =>
        System.Enum.TryParse<ReasonCode>(name, out var code) ? new Reason { Code = code, Detail = detail ?? "" } : null;

    private static uint Ms(int? ms) => ms is > 0 and { } known ? (uint)known : 0;

    private static int Within(uint value, uint usual, uint least, uint most, string field) =>
        value == 0 && least > 0 ? (int)usual : value >= least && value <= most ? (int)value : throw Refusal.Refused(RefusalReason.InvalidField, $"{field}: {least} to {most}");
}
