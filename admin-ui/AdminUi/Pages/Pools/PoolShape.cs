using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Pages.Pools;

/// <summary>What a form says of a pool's size, its spare and its hosts, while it is being changed.</summary>
public sealed class PoolShape
{
    /// <summary>Most machines that the pool may have.</summary>
    public int Size { get; set; } = 2;

    /// <summary>How the spare is said.</summary>
    public Spare.WantedOneofCase SpareKind { get; set; } = Spare.WantedOneofCase.Everything;

    /// <summary>Machines, or per cent of the size.</summary>
    public int SpareValue { get; set; } = 1;

    /// <summary>Which of the hosts that fit comes first.</summary>
    public Placement Placement { get; set; } = Placement.Breadth;

    /// <summary>Machines of the pool on one host; 0 for any number.</summary>
    public int MostPerHost { get; set; }

    /// <summary>Ids of the chosen hosts.</summary>
    public HashSet<string> Hosts { get; } = [];

    public static PoolShape Of(Pool pool)
    {
        var shape = new PoolShape
        {
            Size = (int)pool.Size, Placement = pool.Placement, MostPerHost = (int)pool.MostPerHost,
            SpareKind = pool.Spare?.WantedCase is Spare.WantedOneofCase.Machines or Spare.WantedOneofCase.Percent ? pool.Spare.WantedCase : Spare.WantedOneofCase.Everything,
            SpareValue = pool.Spare?.WantedCase == Spare.WantedOneofCase.Percent ? (int)pool.Spare.Percent : Math.Max(1, (int)(pool.Spare?.Machines ?? 1)),
        };
        shape.Hosts.UnionWith(pool.Hosts.Select(h => h.HostId));
        return shape;
    }

    public Spare ToSpare() => SpareKind switch
    {
        Spare.WantedOneofCase.Machines => new() { Machines = (uint)SpareValue },
        Spare.WantedOneofCase.Percent => new() { Percent = (uint)Math.Min(100, SpareValue) },
        _ => new() { Everything = true },
    };

    /// <summary>Machines that are kept ready at this size; where they are shared the spare is a number of seats.</summary>
    public int ReadyOf(int? seats) => SpareKind switch
    {
        Spare.WantedOneofCase.Machines => Math.Min((SpareValue + (seats ?? 1) - 1) / Math.Max(1, seats ?? 1), Size),
        Spare.WantedOneofCase.Percent => (Size * Math.Min(100, SpareValue) + 99) / 100,
        _ => Size,
    };

    /// <summary>Only what differs from the pool is sent, so that two who edit different fields do not undo each other.</summary>
    public UpdatePoolRequest ChangesOf(Pool pool)
    {
        var change = new UpdatePoolRequest { PoolId = pool.PoolId };
        if (Size != pool.Size) change.Size = (uint)Size;
        if (!ToSpare().Equals(pool.Spare)) change.Spare = ToSpare();
        if (Placement != pool.Placement) change.Placement = Placement;
        if (MostPerHost != pool.MostPerHost) change.MostPerHost = (uint)MostPerHost;
        if (!Hosts.SetEquals(pool.Hosts.Select(h => h.HostId))) change.Hosts = new() { HostIds = { Hosts.Order(StringComparer.Ordinal) } };
        return change;
    }
}
