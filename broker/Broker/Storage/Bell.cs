using System.Threading.Channels;

namespace Montalegre.Vdi.Broker.Storage;

/// <summary>
/// Wakes the one loop that waits for it. Rings while the loop works are remembered as one, and whoever rings never waits.
/// </summary>
internal sealed class Bell
{
    private readonly Channel<bool> _rings = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Ring() => _rings.Writer.TryWrite(true);

    /// <summary>Returns at a ring, after the pause, or when <paramref name="ct"/> is cancelled; never throws for it.</summary>
    public async Task WaitAsync(TimeSpan pause, CancellationToken ct)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        over.CancelAfter(pause);
        await ((Task)_rings.Reader.ReadAsync(over.Token).AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
