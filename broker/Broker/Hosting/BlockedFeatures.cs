using System.Text.RegularExpressions;
using Google.Protobuf.Collections;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Hosting;

/// <summary>Device features as the database names them, <c>clipboard_to_desktop</c>, and as the contract does.</summary>
internal static partial class BlockedFeatures
{
    /// <summary>Names for the database, each once, in one order. A feature that is none is refused by field.</summary>
    public static string[] Names(IEnumerable<DeviceFeature> features) =>
        [.. features.Distinct().Order().Select(f => f is DeviceFeature.Unspecified || !Enum.IsDefined(f)
            ? throw Refusal.Refused(RefusalReason.InvalidField, "blocked_features: name features, for example DEVICE_FEATURE_DRIVES")
            : Capital().Replace(f.ToString(), "_$0").ToLowerInvariant())];

    /// <summary>Fills a message's list from a comma-separated text.</summary>
    public static void Fill(RepeatedField<DeviceFeature> list, string names) =>
        list.AddRange(names.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(n => Enum.Parse<DeviceFeature>(n.Replace("_", "", StringComparison.Ordinal), ignoreCase: true)));

    [GeneratedRegex("(?<=[a-z])[A-Z]")]
    private static partial Regex Capital();
}
