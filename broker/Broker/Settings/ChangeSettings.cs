using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Settings;

/// <summary>A wish: a value as people write it, or null for the default.</summary>
internal sealed record WantedSetting(string Key, string? Value);

/// <summary>How a change ended; null reason: it holds.</summary>
internal sealed record SettingsOutcome(RefusalReason? Refused, IReadOnlyList<SettingProblem> Problems)
{
    public static SettingsOutcome Done { get; } = new(null, []);
}

/// <summary>Changes settings together: judged as the options judge them, with all that is wrong said at once, before anything is stored.</summary>
internal sealed class ChangeSettings(SettingStore store, LiveSettings live, SettingSources sources, AuditStore audit, ChangePump pump)
{
    private const int MostTries = 10;

    /// <param name="wanted">Each key once.</param>
    /// <param name="seen">The version that the caller saw.</param>
    /// <param name="by">Who.</param>
    /// <param name="ct">Gives up before anything is written.</param>
    public async Task<SettingsOutcome> RunAsync(IReadOnlyList<WantedSetting> wanted, long seen, Caller by, CancellationToken ct)
    {
        for (var tries = 0; tries < MostTries; tries++)
        {
            var (version, stored) = await store.ReadAsync(ct);
            if (await LostRacesAsync(wanted, seen, stored, ct) is { Count: > 0 } lost) return new(RefusalReason.SettingChanged, lost);
            var (changes, problems) = Judge(wanted, stored);
            if (problems.Count > 0) return new(problems.All(p => p.Fault is SettingFault.Locked) ? RefusalReason.SettingLocked : RefusalReason.SettingInvalid, problems);
            var different = changes.Where(c => stored.GetValueOrDefault(c.Key)?.Value != c.Value).ToList();
            if (different.Count > 0 && !await store.WriteAsync(version, different, by)) continue;   // another setting was changed between reading and writing: judge again
            pump.Ring();
            await live.LoadAsync(CancellationToken.None);
            return SettingsOutcome.Done;
        }
        return new(RefusalReason.SettingChanged, []);
    }

    private async Task<List<SettingProblem>> LostRacesAsync(IReadOnlyList<WantedSetting> wanted, long seen, IReadOnlyDictionary<string, StoredSetting> stored, CancellationToken ct)
    {
        var lost = wanted.Select(w => stored.GetValueOrDefault(w.Key)).OfType<StoredSetting>().Where(s => s.Version > seen).ToList();
        if (lost.Count == 0) return [];
        var newest = await store.NewestAsync([.. lost.Select(s => s.Key)], ct);
        var who = (await audit.SomeAsync([.. newest.Select(c => c.AuditId)], ct)).ToDictionary(e => e.AuditId, e => e.Actor);
        return [.. lost.Select(s => new SettingProblem(s.Key, SettingFault.Changed, $"{newest.Where(c => c.Key == s.Key).Select(c => who.GetValueOrDefault(c.AuditId, "")).FirstOrDefault()} changed it at {s.ChangedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC"))];
    }

    private (List<(string Key, string? Value, string Usual)> Changes, List<SettingProblem> Problems) Judge(IReadOnlyList<WantedSetting> wanted, IReadOnlyDictionary<string, StoredSetting> stored)
    {
        List<SettingProblem> problems = [];
        var read = new Dictionary<KnownSetting, (object Value, bool IsReset)>();
        foreach (var (key, text) in wanted)
        {
            if (SettingList.Find(key) is not { } known) problems.Add(new(key, SettingFault.Unknown, "there is no such setting"));
            else if (known.OnlyInFiles) problems.Add(new(known.Key, SettingFault.Locked, "only files set it, and a restart reads it"));
            // Back to the default is always allowed: it takes away what is stored, whatever comes first.
            else if (text is not null && sources.Find(known.Key) is { } source) problems.Add(new(known.Key, SettingFault.Locked, $"it is fixed by {source.Name}"));
            else if (text is null) read[known] = (known.Usual, true);
            else if (known.Read(text) is (null, var fault)) problems.Add(new(known.Key, fault!.Value, $"'{(text.Length > 60 ? text[..60] + "…" : text)}' does not fit; use {known.Range()}"));
            else read[known] = (known.Read(text).Value!, false);
        }
        foreach (var (known, (value, _)) in read)
        {
            if (known.AtLeast.Length > 0 && IsLess(value, Proposed(known.AtLeast))) problems.Add(new(known.Key, SettingFault.LessThanOther, $"it is less than {known.AtLeast}, {Shown(known.AtLeast)}"));
            // When both are changed, the one that has the lower bound says it.
            else if (known.AtMost.Length > 0 && !read.Keys.Any(k => k.Key == known.AtMost) && IsLess(Proposed(known.AtMost), value)) problems.Add(new(known.Key, SettingFault.MoreThanOther, $"it is more than {known.AtMost}, {Shown(known.AtMost)}"));
        }
        if (problems.Count == 0) problems.AddRange(read.Keys.GroupBy(k => k.Options).SelectMany(section => OfOptions(section.Key, [.. section])));
        return ([.. read.Select(r => (r.Key.Key, r.Value.IsReset ? null : KnownSetting.Configured(r.Value.Value), KnownSetting.Configured(r.Key.Usual)))], problems);

        object Proposed(string key)
        {
            var known = SettingList.Find(key)!;
            return read.TryGetValue(known, out var changed) ? changed.Value : known.Of(live.OptionsOf(known).Now);
        }

        string Shown(string key) => SettingList.Find(key)!.Show(Proposed(key));

        // The options have the last word, as they have at a start.
        IEnumerable<SettingProblem> OfOptions(string section, IReadOnlyList<KnownSetting> changed)
        {
            var counting = live.Counting(section, stored);
            foreach (var left in live.LeftOut.Keys) counting.Remove(left);   // one that does not fit must not be in the way of mending another
            foreach (var known in changed)
                if (read[known].IsReset) counting.Remove(known.Key);
                else counting[known.Key] = KnownSetting.Configured(read[known].Value);
            return live.OptionsOf(changed[0]).Try(counting).Problems.Select(p => new SettingProblem((changed.FirstOrDefault(k => LiveSettings.Names(p, k.Key)) ?? changed[0]).Key, SettingFault.Invalid, p));
        }
    }

    private static bool IsLess(object one, object other) => ((IComparable)one).CompareTo(other) < 0;
}
