using Grpc.Core;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.AdminUi.Hosting;

namespace Montalegre.Vdi.AdminUi.Live;

/// <summary>
/// One set of watches for each administrator's sign-in, shared by all pages of it and ended with the last one: the
/// broker decides by that sign-in what may be seen, so two administrators never share a set.
/// </summary>
internal sealed class LiveFeeds(TimeProvider time, IOptions<ConsoleOptions> options, ILogger<LiveFeeds> log) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (LiveFeed Feed, int Users)> _feeds = new(StringComparer.Ordinal);
    private bool _stopped;

    public int Open { get { lock (_lock) return _feeds.Count; } }

    public LiveFeed Join(string token, CallInvoker calls)
    {
        lock (_lock)
        {
            if (_feeds.TryGetValue(token, out var known))
            {
                _feeds[token] = (known.Feed, known.Users + 1);
                return known.Feed;
            }
            var feed = new LiveFeed(token, calls, time, options.Value.DrawInterval, log);
            if (_stopped) return feed;   // a circuit that opens while the console stops gets lists that stay empty
            _feeds[token] = (feed, 1);
            feed.Start();
            return feed;
        }
    }

    public void Leave(LiveFeed feed)
    {
        lock (_lock)
        {
            if (!_feeds.TryGetValue(feed.Token, out var known) || !ReferenceEquals(known.Feed, feed)) return;
            if (known.Users > 1)
            {
                _feeds[feed.Token] = (feed, known.Users - 1);
                return;
            }
            _feeds.Remove(feed.Token);
        }
        feed.Dispose();
    }

    /// <summary>Ends the set of a sign-in that was given up: every open page of it, in any tab, asks for a new one.</summary>
    public void End(string token)
    {
        LiveFeed feed;
        lock (_lock)
        {
            if (!_feeds.Remove(token, out var known)) return;
            feed = known.Feed;
        }
        feed.Dispose();
        feed.SignOut();
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _stopped = true;
            foreach (var (feed, _) in _feeds.Values) feed.Stop();
            _feeds.Clear();
        }
    }
}
