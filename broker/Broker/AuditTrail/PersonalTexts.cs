using Dapper;
using Montalegre.Vdi.Contracts.AuditTrail;
using Npgsql;

namespace Montalegre.Vdi.Broker.AuditTrail;

/// <summary>What the boxes of one entry say, by field.</summary>
/// <param name="Erased">Some box has no key any more.</param>
internal sealed record EntryTexts(IReadOnlyDictionary<string, string> Texts, bool Erased)
{
    public static EntryTexts None { get; } = new(new Dictionary<string, string>(), false);

    /// <summary>Of an entry that waits for its seal.</summary>
    public static EntryTexts Waiting(string json) =>
        new(PersonKeys.TextsOf(json).Values.SelectMany(t => t).DistinctBy(t => t.Key).ToDictionary(StringComparer.Ordinal), false);

    /// <summary>The field's text: from the box when it has one, else as it is kept.</summary>
    public string Or(string field, string kept) => Texts.GetValueOrDefault(field, kept);
}

/// <summary>Opens the boxes of entries, as far as there are keys.</summary>
internal sealed class PersonalTexts(PersonKeys persons)
{
    /// <summary>By entry; an entry without boxes is left out.</summary>
    public async Task<Dictionary<long, EntryTexts>> OfAsync(NpgsqlConnection connection, long[] entries, CancellationToken ct)
    {
        var boxes = (await BoxesAsync(connection, entries, ct)).ToLookup(b => b.AuditId);
        var keys = await KeysAsync(connection, [.. boxes.SelectMany(b => b).Select(b => b.PersonId).Distinct()], ct);
        return boxes.ToDictionary(of => of.Key, of => Open(of, keys));
    }

    public static async Task<IReadOnlyList<BoxRow>> BoxesAsync(NpgsqlConnection connection, long[] entries, CancellationToken ct) => (await connection.QueryAsync<BoxRow>(new CommandDefinition(
        "select audit_id, person_id, box from audit_personal where audit_id = any(@entries) order by audit_id, person_id", new { entries }, cancellationToken: ct))).AsList();

    /// <summary>Keys of those who have one.</summary>
    public async Task<Dictionary<Guid, byte[]>> KeysAsync(NpgsqlConnection connection, Guid[] of, CancellationToken ct)
    {
        var rows = await connection.QueryAsync<PersonRow>(new CommandDefinition(
            "select person_id, sealed_key from audit_person where person_id = any(@of) and sealed_key is not null", new { of }, cancellationToken: ct));
        return rows.ToDictionary(r => r.PersonId, persons.Open);
    }

    private static EntryTexts Open(IEnumerable<BoxRow> boxes, Dictionary<Guid, byte[]> keys)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        var erased = false;
        foreach (var row in boxes)
        {
            // A box that does not open with its key was changed; reading goes on, and verification names it.
            var opened = keys.TryGetValue(row.PersonId, out var key) ? new PersonalBox(row.PersonId, row.Box).Open(row.AuditId, PersonalBox.EntryKey(key, row.AuditId)) : null;
            if (opened is null) erased = true;
            else foreach (var (field, said) in opened) texts[field] = said;
        }
        return new(texts, erased);
    }
}
