namespace Montalegre.Vdi.Gateway.Hosting;

/// <summary>A token that ends after a time, or earlier with another one.</summary>
internal sealed class Deadline : IDisposable
{
    private readonly CancellationTokenSource _timed;
    private readonly CancellationTokenSource _linked;

    public Deadline(TimeSpan limit, TimeProvider time, CancellationToken earlier)
    {
        _timed = new CancellationTokenSource(limit, time);
        _linked = CancellationTokenSource.CreateLinkedTokenSource(_timed.Token, earlier);
    }

    public CancellationToken Token => _linked.Token;

    /// <summary>True when the time is over, whatever happened to the other token.</summary>
    public bool Passed => _timed.IsCancellationRequested;

    public void Dispose()
    {
        _linked.Dispose();
        _timed.Dispose();
    }
}
