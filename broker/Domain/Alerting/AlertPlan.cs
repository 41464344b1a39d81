namespace Montalegre.Vdi.Domain;

/// <summary>One thing that a rule looks at, as it is now.</summary>
/// <param name="Key">Identifier or name of the object; one reading for a rule and key.</param>
/// <param name="Value">In the rule's unit; 1 where the rule has none and it is so.</param>
/// <param name="Detail">What else is known: an error, a path. May be empty, never a secret.</param>
public sealed record AlertReading(AlertRule Rule, string ObjectKind, string Key, string Name, PoolId? Pool, double Value, string Detail);

/// <summary>A reading that is as it must not be, and the setting that says so.</summary>
public sealed record AlertBreach(AlertReading Reading, AlertSetting Setting);

/// <summary>What somebody changed of the rules.</summary>
public sealed class AlertSettings(IEnumerable<(AlertRule Rule, PoolId? Pool, AlertSetting Setting)> changed)
{
    private readonly Dictionary<(AlertRule, PoolId?), AlertSetting> _changed = changed.ToDictionary(c => (c.Rule, c.Pool), c => c.Setting);

    /// <summary>Of the pool, else of the rule, else what is usual.</summary>
    public AlertSetting Of(AlertRule rule, PoolId? pool) =>
        pool is not null && rule.Facts().PerPool && _changed.TryGetValue((rule, pool), out var own) ? own
        : _changed.TryGetValue((rule, null), out var everywhere) ? everywhere
        : rule.Facts().Usual;
}

/// <summary>Compares readings with the rules.</summary>
public static class AlertPlan
{
    public static IReadOnlyList<AlertBreach> Breaches(IEnumerable<AlertReading> readings, AlertSettings settings) =>
        [.. from reading in readings
            let setting = settings.Of(reading.Rule, reading.Pool)
            where setting.Enabled && IsBreach(reading, setting)
            group (reading, setting) by (reading.Rule, reading.Key) into same
            select new AlertBreach(same.First().reading, same.First().setting)];

    private static bool IsBreach(AlertReading reading, AlertSetting setting) =>
        setting.Threshold is not { } threshold || (reading.Rule.Facts().Below ? reading.Value < threshold : reading.Value >= threshold);
}
