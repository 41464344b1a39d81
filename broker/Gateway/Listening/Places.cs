using System.Net;

namespace Montalegre.Vdi.Gateway.Listening;

/// <summary>So many places in all and so many for one source, so that no source takes them all.</summary>
internal sealed class Places(int total, int perSource)
{
    private readonly Dictionary<UInt128, int> _taken = [];
    private readonly Lock _gate = new();
    private int _all;

    /// <summary>True with a place taken, which <see cref="Leave"/> gives back.</summary>
    public bool TryTake(IPAddress source)
    {
        var key = AddressLimits.KeyOf(source);
        lock (_gate)
        {
            var taken = _taken.GetValueOrDefault(key);
            if (_all >= total || taken >= perSource) return false;
            _taken[key] = taken + 1;
            _all++;
            return true;
        }
    }

    public void Leave(IPAddress source)
    {
        var key = AddressLimits.KeyOf(source);
        lock (_gate)
        {
            _all--;
            if (_taken[key] == 1) _taken.Remove(key);
            else _taken[key]--;
        }
    }
}
