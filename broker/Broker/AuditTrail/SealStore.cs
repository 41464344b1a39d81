using System.Data;
using Dapper;
using Montalegre.Vdi.Contracts.AuditTrail;
using Npgsql;

namespace Montalegre.Vdi.Broker.AuditTrail;

/// <summary>SQL of sealing. Everything of one batch is in the caller's transaction.</summary>
internal static class SealStore
{
    public const string Head =
        """
        select batch_no, first_id as first, last_id as last, entries, root, previous, sealed_at, key_no, signature
          from audit_batch
        """;

    public const string Entry = "e.audit_id, e.at, e.actor, e.actor_id, e.action, e.object_kind, e.object_id, e.object_name, e.subject_id, e.outcome, e.source_address, e.reference";

    /// <summary>The newest head; null before the first batch.</summary>
    public static Task<BatchHead?> NewestAsync(NpgsqlConnection connection) => connection.QuerySingleOrDefaultAsync<BatchHead>($"{Head} order by batch_no desc limit 1");

    /// <summary>Hash of a head; null when there is no such batch.</summary>
    public static async Task<byte[]?> HashOfAsync(NpgsqlConnection connection, long batch) =>
        (await connection.QuerySingleOrDefaultAsync<BatchHead>($"{Head} where batch_no = @batch", new { batch }))?.Hash();

    /// <summary>Some entries that wait, by number. Whoever takes the same at the same time waits for this transaction and then finds none.</summary>
    public static async Task<IReadOnlyList<EntryRow>> TakeAsync(NpgsqlConnection connection, int most) => (await connection.QueryAsync<EntryRow>(
        $"""
          with taken as (
               delete from audit_open
                where audit_id in (select audit_id from audit_open order by audit_id limit @most)
            returning audit_id, texts)
        select {Entry}, t.texts::text as texts
          from taken t
          join audit_event e using (audit_id)
         order by e.audit_id
        """, new { most })).AsList();

    /// <summary>Their rows, held until the transaction ends: an erasure comes before or after, not in between.</summary>
    public static async Task<IReadOnlyList<PersonRow>> PersonsAsync(NpgsqlConnection connection, Guid[] persons) =>
        (await connection.QueryAsync<PersonRow>("select person_id, sealed_key from audit_person where person_id = any(@persons) for share", new { persons })).AsList();

    public static Task AddPersonsAsync(NpgsqlConnection connection, Guid[] persons, byte[][] keys) => connection.ExecuteAsync(
        "insert into audit_person (person_id, sealed_key) select * from unnest(@persons, @keys::bytea[]) on conflict do nothing", new { persons, keys });

    public static async Task<DateTimeOffset> NowAsync(NpgsqlConnection connection) => new(DateTime.SpecifyKind(await connection.ExecuteScalarAsync<DateTime>("select clock_timestamp()"), DateTimeKind.Utc));

    public static async Task AddBatchAsync(NpgsqlConnection connection, BatchHead head, IReadOnlyList<SealedEntry> entries, byte[][] leaves)
    {
        await connection.ExecuteAsync(
            """
            insert into audit_batch (batch_no, first_id, last_id, entries, root, previous, sealed_at, key_no, signature)
                 values (@BatchNo, @First, @Last, @Entries, @Root, @Previous, @SealedAt, @KeyNo, @Signature)
            """, head);
        await connection.ExecuteAsync(
            "insert into audit_leaf (audit_id, batch_no, leaf) select id, @BatchNo, leaf from unnest(@ids, @leaves::bytea[]) as t (id, leaf)",
            new { head.BatchNo, ids = entries.Select(e => e.AuditId).ToArray(), leaves });
        var boxes = entries.SelectMany(e => e.Boxes.Select(b => (e.AuditId, b.Person, b.Box))).ToList();
        await connection.ExecuteAsync(
            "insert into audit_personal (audit_id, person_id, box) select * from unnest(@ids, @persons, @boxes::bytea[])",
            new { ids = boxes.Select(b => b.AuditId).ToArray(), persons = boxes.Select(b => b.Person).ToArray(), boxes = boxes.Select(b => b.Box).ToArray() });
    }

    public static async Task<IReadOnlyList<KeyRow>> KeysAsync(IDbConnection connection, CancellationToken ct) =>
        (await connection.QueryAsync<KeyRow>(new CommandDefinition("select key_no, public_key, sealed_key, created_at from audit_key order by key_no", cancellationToken: ct))).AsList();

    /// <summary>False when another node was faster.</summary>
    public static async Task<bool> AddKeyAsync(NpgsqlConnection connection, int number, byte[] publicKey, byte[] sealedKey) => await connection.ExecuteAsync(
        "insert into audit_key (key_no, public_key, sealed_key) values (@number, @publicKey, @sealedKey) on conflict do nothing", new { number, publicKey, sealedKey }) == 1;
}
