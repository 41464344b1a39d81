using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Pages.Pools;

/// <summary>What a form says of how people share a pool's machines, while it is being changed.</summary>
public sealed class PoolSharing
{
    /// <summary>People whom each machine serves at once.</summary>
    public int Seats { get; set; } = 10;

    public Distribution Distribution { get; set; } = Distribution.Breadth;

    /// <summary>0: each time a machine is empty.</summary>
    public int RenewHours { get; set; } = 20;

    public static PoolSharing Of(Sharing sharing) => new() { Seats = (int)sharing.SessionsPerMachine, Distribution = sharing.Distribution, RenewHours = (int)sharing.RenewHours };

    public Sharing ToSharing() => new() { SessionsPerMachine = (uint)Seats, Distribution = Distribution, RenewHours = (uint)RenewHours };

    /// <summary>Only what differs, so that two who edit different fields do not undo each other; null for nothing.</summary>
    public Sharing? ChangesOf(Sharing before)
    {
        var changes = new Sharing();
        if (Seats != before.SessionsPerMachine) changes.SessionsPerMachine = (uint)Seats;
        if (Distribution != before.Distribution) changes.Distribution = Distribution;
        if (RenewHours != before.RenewHours) changes.RenewHours = (uint)RenewHours;
        return changes.CalculateSize() == 0 ? null : changes;
    }
}
