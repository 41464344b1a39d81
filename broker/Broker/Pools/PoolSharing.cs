using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using Contract = Montalegre.Vdi.Contracts.Admin.V1;
using PoolKind = Montalegre.Vdi.Domain.PoolKind;

namespace Montalegre.Vdi.Broker.Pools;

/// <summary>What an administrator asks for of how people share a pool's machines; null leaves a value as it is.</summary>
internal sealed record PoolSharing(int? Seats, SeatDistribution? Distribution, int? RenewHours)
{
    public static readonly PoolSharing Unchanged = new(null, null, null);

    /// <summary>Bad input is refused by field.</summary>
    public static PoolSharing Read(Sharing? sharing) => sharing is null ? Unchanged : new(
        sharing.HasSessionsPerMachine ? Within(sharing.SessionsPerMachine, 1, 500, "sharing.sessions_per_machine") : null,
        sharing.Distribution switch
        {
            Contract.Distribution.Breadth => SeatDistribution.Breadth,
            Contract.Distribution.Depth => SeatDistribution.Depth,
            _ => null,
        },
        sharing.HasRenewHours ? Within(sharing.RenewHours, 0, 8760, "sharing.renew_hours") : null);

    /// <summary>For a new pool: what was left out has its default, and what its kind does not allow is refused.</summary>
    public PoolSharing For(PoolKind kind) => (kind, Seats) switch
    {
        (PoolKind.MultiSession, null) => throw Refusal.Refused(RefusalReason.InvalidField, "sharing.sessions_per_machine: 1 to 500"),
        (PoolKind.Floating or PoolKind.Dedicated, not null) => throw Unfit(),
        _ => new(Seats, Distribution ?? SeatDistribution.Breadth, RenewHours ?? 20),
    };

    /// <summary>The refusal of sharing where each machine is one person's.</summary>
    public static Exception Unfit() => Refusal.Refused(RefusalReason.InvalidField, "sharing: only multi-session and manual pools have machines that people share");

    /// <summary>As the contract shows it; null where a machine is one person's.</summary>
    public static Sharing? Show(PoolRow row) => row.SessionsPerMachine is not { } seats ? null : new()
    {
        SessionsPerMachine = (uint)seats, RenewHours = (uint)row.RenewHours, Distribution = row.Distribution == "depth" ? Contract.Distribution.Depth : Contract.Distribution.Breadth,
    };

    private static int Within(uint value, uint least, uint most, string field) =>
        value >= least && value <= most ? (int)value : throw Refusal.Refused(RefusalReason.InvalidField, $"{field}: {least} to {most}");
}
