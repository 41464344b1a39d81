using System.Text.Json;

namespace Montalegre.Vdi.Broker.OpenId;

/// <summary>What a provider says about a person: the payload of a checked ID token, or the answer of its userinfo endpoint.</summary>
internal sealed class Claims(JsonElement values)
{
    /// <summary>The one text of a claim; null when it is missing or something else.</summary>
    public string? Text(string claim) => Find(claim) is { ValueKind: JsonValueKind.String } found && found.GetString() is { Length: > 0 } text ? text : null;

    /// <summary>All texts of a claim, which may be one or a list.</summary>
    public IReadOnlyList<string> Texts(string claim) => Find(claim) switch
    {
        { ValueKind: JsonValueKind.String } one => [one.GetString()!],
        { ValueKind: JsonValueKind.Array } many => [.. many.EnumerateArray().Where(value => value.ValueKind is JsonValueKind.String).Select(value => value.GetString()!)],
        _ => [],
    };

    public bool Has(string claim) => Find(claim) is not null;

    /// <summary>Whether it is a security event of this kind (RFC 8417).</summary>
    public bool HasEvent(string kind) => Find("events") is { ValueKind: JsonValueKind.Object } events && events.TryGetProperty(kind, out var found) && found.ValueKind is JsonValueKind.Object;

    /// <summary>Seconds since 1970; null when it is missing or no such number.</summary>
    public DateTimeOffset? Time(string claim) =>
        Find(claim) is { ValueKind: JsonValueKind.Number } found && found.TryGetInt64(out var seconds) && seconds is > 0 and < 100_000_000_000 ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;

    // The name as it stands first: some providers' claims are addresses, with dots of their own.
    private JsonElement? Find(string claim)
    {
        if (values.ValueKind is not JsonValueKind.Object) return null;
        if (values.TryGetProperty(claim, out var found)) return found;
        var (inside, parts) = (values, claim.Split('.'));
        foreach (var part in parts)
        {
            if (inside.ValueKind is not JsonValueKind.Object || !inside.TryGetProperty(part, out inside)) return null;
        }
        return inside;
    }
}
