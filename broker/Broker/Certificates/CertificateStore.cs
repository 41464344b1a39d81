using Dapper;
using Montalegre.Vdi.Broker.Storage;
using Npgsql;

namespace Montalegre.Vdi.Broker.Certificates;

/// <summary>The authority and what it issued.</summary>
internal sealed class CertificateStore(Database database)
{
    /// <summary>Offers an authority; answers the one that counts, which is another node's if that one was first.</summary>
    public async Task<StoredAuthority> KeepAuthorityAsync(StoredAuthority offered)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync("""
            insert into authority (authority_id, certificate, wrapped_key)
                 values (@AuthorityId, @Certificate, @WrappedKey)
            on conflict do nothing               -- authority_only_one_uq
            """, offered);
        return await FindAsync(connection) ?? throw new InvalidOperationException("The authority that was just written is not there.");
    }

    public async Task<StoredAuthority?> FindAuthorityAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await FindAsync(connection);
    }

    public async Task RecordAsync(string serialNumber, PeerKind kind, Guid subject, DateTimeOffset notAfter)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync("""
            insert into certificate (serial_number, subject_kind, subject_id, not_after)
                 values (@serialNumber, @kind, @subject, @notAfter)
            """, new { serialNumber, kind = Storage.SqlText.Of(kind), subject, notAfter });
    }

    /// <summary>True when we issued it, to exactly this peer, and did not take it back.</summary>
    public async Task<bool> IsGoodAsync(PeerIdentity peer, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition("""
            select exists (select
                             from certificate
                            where serial_number = @SerialNumber
                              and subject_kind  = @Kind
                              and subject_id    = @SubjectId
                              and revoked_at is null
                              and not_after > now())
            """, new { peer.SerialNumber, Kind = Storage.SqlText.Of(peer.Kind), peer.SubjectId }, cancellationToken: ct));
    }

    /// <summary>Takes back every certificate of one subject; answers how many were still good.</summary>
    public async Task<int> RevokeAsync(PeerKind kind, Guid subject)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteAsync("""
            update certificate
               set revoked_at   = now()
             where subject_kind = @kind
               and subject_id   = @subject
               and revoked_at is null
            """, new { kind = Storage.SqlText.Of(kind), subject });
    }

    private static Task<StoredAuthority?> FindAsync(NpgsqlConnection connection) =>
        connection.QuerySingleOrDefaultAsync<StoredAuthority?>("select authority_id, certificate, wrapped_key from authority");
}

/// <summary>The row of the authority: its certificate, and its key under the key-encryption key.</summary>
internal sealed record StoredAuthority(Guid AuthorityId, byte[] Certificate, byte[] WrappedKey);
