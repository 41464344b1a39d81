using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Montalegre.Vdi.Contracts.AuditTrail;

/// <summary>
/// An exported record: JSON, one object a line. First the public keys; then of each batch its entries, and its head. What an entry says
/// about a person stands in clear beside the closed box and the key that opens only that box, so that a reader can compare.
/// </summary>
public static class AuditFile
{
    /// <summary>No line of ours is longer; a longer one is refused before it is read.</summary>
    public const int LongestLine = 1 << 20;

    private const string Format = "montalegre-audit-1";

    private static readonly AuditJson Json = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,   // a file for people and scripts, in no page
    });

    /// <summary>The first line.</summary>
    /// <param name="publicKeys">SubjectPublicKeyInfo by number.</param>
    public static string Begin(IReadOnlyDictionary<int, byte[]> publicKeys) => JsonSerializer.Serialize(new Lines { Begin = new(Format, publicKeys) }, Json.Lines);

    public static string Line(BatchHead head) => JsonSerializer.Serialize(new Lines { Head = head }, Json.Lines);

    /// <param name="personKeys">Of those who were not erased.</param>
    public static string Line(AuditLeaf leaf, IReadOnlyDictionary<Guid, byte[]> personKeys) => JsonSerializer.Serialize(new Lines
    {
        Leaf = new(leaf.AuditId, leaf.Sealed),
        Entry = leaf.Entry is null ? null : leaf.Entry with { Boxes = [] },
        Boxes = leaf.Entry is null ? null : [.. leaf.Entry.Boxes.Select(box => Opened(leaf.AuditId, box, personKeys))],
    }, Json.Lines);

    /// <summary>Reads a line; null when it is none of a record.</summary>
    internal static Lines? Read(string line)
    {
        if (line.Length > LongestLine) return null;
        try { return JsonSerializer.Deserialize(line, Json.Lines); }
        catch (JsonException) { return null; }
    }

    internal static bool IsOurs(Beginning begin) => begin.Format == Format && begin.PublicKeys is not null;

    private static OpenedBox Opened(long entry, PersonalBox box, IReadOnlyDictionary<Guid, byte[]> personKeys)
    {
        if (!personKeys.TryGetValue(box.Person, out var personKey)) return new(box.Person, box.Box, null, null);
        var key = PersonalBox.EntryKey(personKey, entry);
        return new(box.Person, box.Box, key, box.Open(entry, key));
    }

    /// <summary>One line; what it is not about is null.</summary>
    internal sealed class Lines
    {
        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public Beginning? Begin { get; init; }

        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public BatchHead? Head { get; init; }

        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public Seal? Leaf { get; init; }

        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public SealedEntry? Entry { get; init; }

        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public IReadOnlyList<OpenedBox>? Boxes { get; init; }
    }

    internal sealed record Beginning(string Format, IReadOnlyDictionary<int, byte[]> PublicKeys);

    internal sealed record Seal(long AuditId, byte[] Hash);

    /// <param name="Key">Null: the person was erased.</param>
    internal sealed record OpenedBox(Guid Person, byte[] Box, byte[]? Key, IReadOnlyDictionary<string, string>? Says);
}
