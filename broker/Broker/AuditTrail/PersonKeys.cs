using System.Security.Cryptography;
using System.Text.Json;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Contracts.AuditTrail;
using Npgsql;

namespace Montalegre.Vdi.Broker.AuditTrail;

/// <summary>The key of what the record says about each person, sealed itself by the installation's key.</summary>
internal sealed class PersonKeys(SecretBox secrets)
{
    /// <summary>Keys of these persons, made for those who have none; without those who were erased.</summary>
    public async Task<Dictionary<Guid, byte[]>> OfAsync(NpgsqlConnection connection, Guid[] persons)
    {
        var rows = await SealStore.PersonsAsync(connection, persons);
        var missing = persons.Except(rows.Select(r => r.PersonId)).ToArray();
        if (missing.Length > 0)
        {
            await SealStore.AddPersonsAsync(connection, missing, [.. missing.Select(person => secrets.Seal(RandomNumberGenerator.GetBytes(PersonalBox.KeyBytes), Place(person)))]);
            rows = await SealStore.PersonsAsync(connection, persons);
        }
        return rows.Where(r => r.SealedKey is not null).ToDictionary(r => r.PersonId, Open);
    }

    /// <summary>Closes what an entry says about people. A text about somebody erased is left out: it was taken from the record with him.</summary>
    public static IReadOnlyList<PersonalBox> Close(EntryRow entry, IReadOnlyDictionary<Guid, byte[]> keys) =>
    [
        .. TextsOf(entry.Texts).Where(t => keys.ContainsKey(t.Key)).Select(t => PersonalBox.Close(entry.AuditId, t.Key, keys[t.Key], t.Value)).OrderBy(b => b.Person),
    ];

    /// <summary>Texts by person and field name.</summary>
    public static Dictionary<Guid, Dictionary<string, string>> TextsOf(string? json) => json is null ? [] : JsonSerializer.Deserialize<Dictionary<Guid, Dictionary<string, string>>>(json)!;

    public byte[] Open(PersonRow row) =>
        secrets.Open(row.SealedKey, Place(row.PersonId)) ?? throw new InvalidOperationException($"The audit key of person {row.PersonId} does not open with this key-encryption key; restore the key of this installation.");

    private static string Place(Guid person) => $"audit_person.sealed_key:{person}";
}
