using System.Text.Json;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Provisioning;

/// <summary>A choice of host as it is kept with the operation, and as one line for whoever asks why.</summary>
internal static class PlacementTrace
{
    /// <summary>JSON: the rule, and every host that was looked at, the chosen one first.</summary>
    public static string Json(PlacementRule rule, HostChoice choice) => JsonSerializer.Serialize(new
    {
        order = rule.Order.ToString(), memoryMib = rule.MemoryMib, mostPerHost = rule.MostPerHost,
        hosts = choice.Verdicts.Select(v => new { host = v.Name, ruledOut = v.RuledOut?.ToString(), freeAfterMib = v.FreeAfterMib, ofPool = v.OfPool, busy = v.Busy }),
    }, JsonSerializerOptions.Web);

    /// <summary>Each host with what rules it out, for example <c>casa-1: NoHostCapacity; casa-2: HostLimit</c>. No figures: it is compared to see whether anything changed.</summary>
    public static string Line(HostChoice choice) => string.Join("; ", choice.Verdicts.Select(v => $"{v.Name}: {v.RuledOut}"));
}
