using Dapper;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>One of a person's sign-ins, as its owner sees it; times in UTC.</summary>
internal sealed record OwnSignIn(Guid SignInId, DateTime CreatedAt, DateTime ExpiresAt, string SourceAddress, string Client, string Audience, bool IsThis);

/// <summary>A person's own sign-ins, listed and ended by their owner.</summary>
internal sealed class OwnSignIns(Database database, CallerDirectory callers)
{
    /// <summary>Newest first; at most a hundred.</summary>
    public Task<List<OwnSignIn>> ListAsync(Caller caller) => database.RepeatableAsync(async (connection, _) =>
        (await connection.QueryAsync<OwnSignIn>("""
            select sign_in_id, created_at, expires_at, source_address, client, audience, token_sha256 = @this as is_this
              from sign_in
             where user_id = @user and expires_at > now()
             order by created_at desc
             limit 100
            """, new { user = caller.User.Value, @this = Convert.FromHexString(caller.SignIn) })).AsList());

    /// <summary>Says what a person signed in with, as the list shows it; after the sign-in, which must not wait for a nicety.</summary>
    public async Task NameAsync(string token, string client)
    {
        if (client.Length == 0 || !OpaqueToken.TryHash(token, out var sha256)) return;
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync("update sign_in set client = left(@client, 100) where token_sha256 = @sha256", new { client, sha256 });
    }

    /// <summary>Ends one of the person's sign-ins, or all but this one. How many were ended.</summary>
    /// <param name="caller">Whose they are.</param>
    /// <param name="one">Null: all others.</param>
    public async Task<int> EndAsync(Caller caller, Guid? one)
    {
        await using var connection = await database.OpenConnectionAsync();
        var ended = (await connection.QueryAsync<byte[]>("""
            with ended as (
                delete from sign_in
                 where user_id = @user and (sign_in_id = @one or @one::uuid is null and token_sha256 <> @this)
             returning token_sha256, sign_in_id
            ), audited as (
                insert into audit_event (actor, action, object_kind, object_id, object_name, reference, source_address)
                     select @name, 'sign_in.ended', 'user', @user, @name, sign_in_id::text, @source from ended
            )
            select token_sha256 from ended
            """, new { user = caller.User.Value, one, @this = Convert.FromHexString(caller.SignIn), name = caller.UserName, source = caller.SourceAddress })).AsList();
        foreach (var token in ended) callers.Forget(Convert.ToHexString(token));
        return ended.Count;
    }
}
