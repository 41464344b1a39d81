using System.Threading.Channels;

namespace Montalegre.Vdi.Broker.Sessions;

/// <summary>Wakes a sweep before its time. Rings that come together are one.</summary>
internal sealed class Bell(TimeProvider time)
{
    private readonly Channel<bool> _rung = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Ring() => _rung.Writer.TryWrite(true);

    /// <summary>Returns at a ring, at the latest after a time.</summary>
    public async Task NextAsync(TimeSpan atMost, CancellationToken ct)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await Task.WhenAny(_rung.Reader.WaitToReadAsync(either.Token).AsTask(), Task.Delay(atMost, time, either.Token));
        await either.CancelAsync();
        ct.ThrowIfCancellationRequested();
        _rung.Reader.TryRead(out _);
    }
}
