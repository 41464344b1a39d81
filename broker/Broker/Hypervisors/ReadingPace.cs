namespace Montalegre.Vdi.Broker.Hypervisors;

/// <summary>Holds a reader back to so many MiB a second, on the reader's own thread, so that a check of a disk is not felt by desktops.</summary>
internal sealed class ReadingPace(int? mibPerSecond, TimeProvider time)
{
    private readonly long _began = time.GetTimestamp();
    private long _read;

    /// <summary>Counts what was read, and waits while it is ahead.</summary>
    public void Read(int bytes, CancellationToken ct)
    {
        _read += bytes;
        if (mibPerSecond is not { } most) return;
        var due = TimeSpan.FromSeconds((double)_read / (most << 20));
        // Waits of a few milliseconds would only cost; an eighth of a second is let grow first.
        if (due - time.GetElapsedTime(_began) is var ahead && ahead > TimeSpan.FromMilliseconds(125)) ct.WaitHandle.WaitOne(ahead);
    }
}
