using Microsoft.Extensions.Configuration.CommandLine;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Settings;

/// <summary>Which settings somebody fixed outside of the console, and where, as it was when this broker started.</summary>
internal sealed class SettingSources
{
    private readonly Dictionary<string, (SettingSource Source, string Name)> _fixed = new(StringComparer.OrdinalIgnoreCase);

    public SettingSources(IConfiguration configuration)
    {
        // What was added last comes first.
        var providers = ((IConfigurationRoot)configuration).Providers.Reverse().ToList();
        foreach (var key in SettingList.All.Select(s => s.Key))
            if (providers.FirstOrDefault(p => p.TryGet(key, out var value) && value is not null) is { } provider) _fixed[key] = Of(provider, key);
    }

    /// <summary>Null: the console decides.</summary>
    public (SettingSource Source, string Name)? Find(string key) => _fixed.TryGetValue(key, out var found) ? found : null;

    private static (SettingSource, string) Of(IConfigurationProvider provider, string key) => provider switch
    {
        CommandLineConfigurationProvider => (SettingSource.CommandLine, $"--{key}"),
        EnvironmentVariablesConfigurationProvider => (SettingSource.Environment, Variable(key)),
        FileConfigurationProvider file => (SettingSource.File, $"{file.Source.Path}: {key}"),
        _ => (SettingSource.File, key),
    };

    private static string Variable(string key)
    {
        var plain = key.Replace(":", "__", StringComparison.Ordinal);
        var ours = $"MONTALEGRE_{plain}";
        return Environment.GetEnvironmentVariables().Keys.Cast<string>().Any(name => string.Equals(name, ours, StringComparison.OrdinalIgnoreCase)) ? ours : plain;
    }
}
