using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Provisioning;

/// <summary>
/// What changed since the last pass. A pass looks at these pools and not at all of them: on a busy morning sessions change
/// machines all the time, and reading a hundred thousand of them each time would keep a processor busy for nothing.
/// </summary>
internal sealed class TouchedPools
{
    private const int MostMachines = 2000;   // beyond that, reading everything is no dearer
    private readonly Lock _lock = new();
    private readonly HashSet<Guid> _pools = [];
    private readonly HashSet<Guid> _machines = [];
    private bool _all = true;

    /// <summary>Takes note of a batch; true when a pass should follow.</summary>
    public bool Add(ChangeBatch batch)
    {
        lock (_lock)
        {
            if (batch.Lost) _all = true;
            foreach (var change in batch.Changes)
            {
                if (change.Kind == "pool") _pools.Add(change.Id);
                else if (change.Kind == "machine" && _machines.Count < MostMachines) _machines.Add(change.Id);
                else if (change.Kind == "machine") _all = true;
            }
            return batch.Lost || batch.Changes.Any(c => c.Kind is "pool" or "machine" or "operation");
        }
    }

    /// <summary>The next pass looks at every pool.</summary>
    public void AddAll()
    {
        lock (_lock) _all = true;
    }

    /// <summary>What was noted, and begins anew.</summary>
    public (bool All, Guid[] Pools, Guid[] Machines) Take()
    {
        lock (_lock)
        {
            var taken = (_all, _pools.ToArray(), _machines.ToArray());
            _all = false;
            _pools.Clear();
            _machines.Clear();
            return taken;
        }
    }
}
