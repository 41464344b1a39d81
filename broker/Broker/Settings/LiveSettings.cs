using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Settings;

/// <summary>Puts stored settings in force on this node. What no longer fits, after an upgrade or beside this node's files, is named and left out.</summary>
internal sealed class LiveSettings(SettingStore store, IEnumerable<LiveOptions> options, SettingSources sources, ILogger<LiveSettings> log) : IDisposable
{
    private readonly Dictionary<string, LiveOptions> _options = options.ToDictionary(o => o.Section, StringComparer.OrdinalIgnoreCase);
    private readonly SemaphoreSlim _one = new(1, 1);
    private volatile IReadOnlyDictionary<string, string> _leftOut = new Dictionary<string, string>();
    private IReadOnlyDictionary<string, StoredSetting>? _applied;

    /// <summary>Stored values that are not in force here, each with its reason.</summary>
    public IReadOnlyDictionary<string, string> LeftOut => _leftOut;

    public LiveOptions OptionsOf(KnownSetting setting) => _options[setting.Options];

    /// <summary>Reads the database and puts in force what it says, one reading after the other.</summary>
    public async Task LoadAsync(CancellationToken ct)
    {
        await _one.WaitAsync(ct);
        try
        {
            var (_, stored) = await store.ReadAsync(ct);
            if (_applied is { } before && before.Count == stored.Count && stored.Values.All(s => before.GetValueOrDefault(s.Key) == s)) return;
            Apply(stored);
            _applied = stored;
        }
        finally { _one.Release(); }
    }

    public void Dispose() => _one.Dispose();

    /// <summary>The stored values of one section of the configuration that count: not those that are fixed outside.</summary>
    public Dictionary<string, string?> Counting(string section, IReadOnlyDictionary<string, StoredSetting> stored) => stored.Values
        .Where(s => s.Value is not null && SettingList.Find(s.Key) is { OnlyInFiles: false } known && known.Options == section && sources.Find(s.Key) is null)
        .ToDictionary(s => s.Key, s => s.Value, StringComparer.OrdinalIgnoreCase);

    private void Apply(IReadOnlyDictionary<string, StoredSetting> stored)
    {
        var leftOut = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var unknown in stored.Values.Where(s => s.Value is not null && SettingList.Find(s.Key) is null)) Leave(unknown.Key, "this version has no such setting");
        foreach (var section in SettingList.All.Where(s => !s.OnlyInFiles).Select(s => s.Options).Distinct())
        {
            var counting = Counting(section, stored);
            var (made, problems) = _options[section].Try(counting);
            while (made is null && counting.Count > 0)
            {
                // A problem names its key; one that names a key from elsewhere is of them all.
                var named = counting.Keys.Where(key => problems.Any(p => Names(p, key))).ToList();
                foreach (var key in named.Count > 0 ? named : [.. counting.Keys])
                {
                    Leave(key, problems.FirstOrDefault(p => Names(p, key)) ?? string.Join(' ', problems));
                    counting.Remove(key);
                }
                (made, problems) = _options[section].Try(counting);
            }
            if (made is not null) _options[section].Take(made);
        }
        _leftOut = leftOut;

        void Leave(string key, string why)
        {
            leftOut[key] = why;
            log.SettingLeftOut(key, why);
        }
    }

    /// <summary>Whether a problem of the options is about this key.</summary>
    public static bool Names(string problem, string key) => problem.StartsWith(key + " ", StringComparison.OrdinalIgnoreCase) || problem.Contains($"'{key}'", StringComparison.OrdinalIgnoreCase);
}
