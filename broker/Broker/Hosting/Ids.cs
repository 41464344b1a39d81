using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Hosting;

/// <summary>Identifiers that came over the network.</summary>
internal static class Ids
{
    /// <summary>Reads one; refuses with the field's name.</summary>
    public static Guid Parse(string text, string field) =>
        Guid.TryParseExact(text, "D", out var id) ? id : throw Refusal.Refused(RefusalReason.InvalidField, $"{field}: not an identifier");

    /// <summary>Reads one that may be left out; null: it was.</summary>
    public static Guid? ParseOrNone(string text, string field) => text is "" ? null : Parse(text, field);
}
