using System.Collections.Concurrent;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Sessions;

/// <summary>How long nobody touched one guest session.</summary>
internal readonly record struct IdleReport(MachineId Machine, string GuestSessionId, int IdleSeconds);

/// <summary>Gathers idle times between two writes. Whole minutes only: a clock that ticks is no news to anybody.</summary>
internal sealed class IdleReports
{
    private readonly ConcurrentDictionary<(MachineId Machine, string Guest), int> _waiting = new();
    private readonly ConcurrentDictionary<(MachineId Machine, string Guest), int> _written = new();

    /// <summary>Keeps the newest value; one that is already written is dropped.</summary>
    public void Add(MachineId machine, string guestSessionId, TimeSpan idle)
    {
        var minutes = (int)Math.Clamp(idle.TotalMinutes, 0, 60 * 24 * 365) * 60;
        var key = (machine, guestSessionId);
        if (_written.TryGetValue(key, out var written) && written == minutes) _waiting.TryRemove(key, out _);
        else _waiting[key] = minutes;
    }

    /// <summary>Forgets a guest session that is over.</summary>
    public void Forget(MachineId machine, string guestSessionId)
    {
        _waiting.TryRemove((machine, guestSessionId), out _);
        _written.TryRemove((machine, guestSessionId), out _);
    }

    /// <summary>At most <paramref name="most"/> changed values, sorted by machine.</summary>
    public IReadOnlyList<IdleReport> Take(int most)
    {
        var taken = _waiting.OrderBy(w => w.Key.Machine.Value).Take(most).ToList();
        foreach (var (key, minutes) in taken)
        {
            _written[key] = minutes;
            _waiting.TryRemove(new(key, minutes));
        }
        return taken.Select(w => new IdleReport(w.Key.Machine, w.Key.Guest, w.Value)).ToList();
    }
}
