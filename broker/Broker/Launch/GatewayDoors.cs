namespace Montalegre.Vdi.Broker.Launch;

/// <summary>The doors that every ticket comes with, remembered for a second: thousands of launches need not ask for the same few rows.</summary>
internal sealed class GatewayDoors(LaunchStore store, TimeProvider time)
{
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(1);
    private volatile Known? _known;

    /// <summary>In another order for each caller, so that the first door does not get everybody.</summary>
    public async Task<IReadOnlyList<string>> FindAsync()
    {
        var known = _known;
        if (known is null || time.GetElapsedTime(known.At) >= Remembered)
            _known = known = new(await store.GatewayDoorsAsync(), time.GetTimestamp());
        var doors = known.Doors.ToArray();
        Random.Shared.Shuffle(doors);
        return doors;
    }

    private sealed record Known(IReadOnlyList<string> Doors, long At);
}
