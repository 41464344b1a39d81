using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Agents;

/// <summary>Who listens to what agents say about sessions: the Sessions slice, which depends on this one and so cannot be named here.</summary>
internal interface IGuestReports
{
    /// <summary>Everything that the guest has now; <paramref name="rebooted"/> on the first snapshot after a boot.</summary>
    Task SnapshotAsync(MachineId machine, bool rebooted, IReadOnlyList<GuestSession> reported, CancellationToken ct);

    /// <summary>One guest session began or changed.</summary>
    Task ChangedAsync(MachineId machine, GuestSession reported, CancellationToken ct);

    /// <summary>One guest session is over.</summary>
    Task ClosedAsync(MachineId machine, SessionClosed closed, CancellationToken ct);

    /// <summary>A locker ended that nobody had told to.</summary>
    Task LockLostAsync(MachineId machine, LockLost lost, CancellationToken ct);

    /// <summary>A step of a logon was reached.</summary>
    Task PhaseAsync(MachineId machine, PhaseReached phase, CancellationToken ct);

    /// <summary>Idle times of a heartbeat; must not wait.</summary>
    void Idle(MachineId machine, IReadOnlyList<IdleTime> times);
}
