namespace Montalegre.Vdi.Broker.Agents;

/// <summary>A bucket of messages that fills steadily; a stream that empties it is cut.</summary>
internal struct MessageAllowance(int burst, int perSecond, TimeProvider time)
{
    private double _left = burst;
    private long _at = time.GetTimestamp();

    /// <summary>False when the sender has said too much.</summary>
    public bool TryTake()
    {
        var now = time.GetTimestamp();
        _left = Math.Min(burst, _left + (time.GetElapsedTime(_at, now).TotalSeconds * perSecond));
        _at = now;
        if (_left < 1) return false;
        _left -= 1;
        return true;
    }
}
