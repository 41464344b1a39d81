using System.Globalization;
using Microsoft.AspNetCore.Components;
using Montalegre.Vdi.AdminUi.Words;

namespace Montalegre.Vdi.AdminUi.Live;

/// <summary>
/// A page that follows live lists: drawn again after changes, at most once an interval, in the language of its reader.
/// </summary>
public abstract class LivePage : ComponentBase, IDisposable
{
    private readonly Lock _lock = new();
    private IReadOnlyList<LiveTable> _sources = [];
    private ITimer? _timer;
    private ITimer? _again;
    private bool _looking;
    private bool _scheduled;
    private bool _gone;
    private long? _drawn;

    [Inject] internal Broker Broker { get; set; } = null!;
    [Inject] internal Language Say { get; set; } = null!;
    [Inject] protected NavigationManager Navigation { get; set; } = null!;

    internal LiveFeed Live => Broker.Live;

    /// <summary>Every list the page follows has come: before that, nothing may be counted or decided from them.</summary>
    protected bool Heard => _sources.All(s => s.Heard);

    internal void Follow(params IReadOnlyList<LiveTable> sources)
    {
        Unfollow();
        _sources = sources;
        _timer = Live.Time.CreateTimer(_ => Draw(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        foreach (var source in _sources) source.Changed += OnChanged;
    }

    /// <summary>Asks for what no list tells, again and again until the page is left, and not while the last answer is on its way.</summary>
    /// <param name="look">Asks, and draws the page anew where there is something to draw.</param>
    protected void LookEvery(TimeSpan every, Func<Task> look)
    {
        // Whoever left while the page was still loading took the only one along who would stop it.
        if (!_gone) _again = Live.Time.CreateTimer(_ => _ = InvokeAsync(() => AgainAsync(look)), null, every, every);
    }

    private async Task AgainAsync(Func<Task> look)
    {
        if (_looking || _gone || Live.Stopped) return;
        _looking = true;
        try { await look(); }
        finally { _looking = false; }
    }

    /// <summary>Called in the circuit's turn after changes, before the page is drawn.</summary>
    protected virtual Task OnLiveAsync() => Task.CompletedTask;

    /// <summary>Called once, when the page is left.</summary>
    protected virtual void OnGone() { }

    private void OnChanged()
    {
        TimeSpan wait;
        lock (_lock)
        {
            if (_scheduled || _gone) return;
            _scheduled = true;
            // The first change after a quiet moment is shown at once; what follows it is gathered.
            wait = _drawn is { } drawn ? Live.DrawInterval - Live.Time.GetElapsedTime(drawn) : TimeSpan.Zero;
        }
        _timer?.Change(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    private void Draw()
    {
        lock (_lock)
        {
            (_scheduled, _drawn) = (false, Live.Time.GetTimestamp());
            if (_gone) return;
        }
        _ = InvokeAsync(async () =>
        {
            if (_gone || Live.Stopped) return;
            CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = Say.Culture;
            try
            {
                await OnLiveAsync();
                StateHasChanged();
            }
            catch (Exception e)
            {
                await DispatchExceptionAsync(e);
            }
        });
    }

    private void Unfollow()
    {
        foreach (var source in _sources) source.Changed -= OnChanged;
        _timer?.Dispose();
    }

    public void Dispose()
    {
        _gone = true;
        _again?.Dispose();
        Unfollow();
        OnGone();
        GC.SuppressFinalize(this);
    }
}
