using System.Text;
using Dapper;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Identity.Passkeys;

/// <summary>What a question to a passkey is for. An answer to one is worth nothing for another.</summary>
internal enum PasskeyPurpose
{
    Register,
    Step,
    Alone,
}

/// <summary>Questions that wait for an answer: sealed, minutes long, good for one answer, bound to whoever holds the token they were asked with.</summary>
internal sealed class PasskeyChallenges(Database database, SecretBox box)
{
    private const string Lifetime = "interval '5 minutes'";

    // Anybody may ask before anybody is known; a building behind one address still gets in at eight in the morning.
    private const int MostOfSource = 500;

    /// <summary>False: this network has too many open questions.</summary>
    /// <param name="purpose">What for.</param>
    /// <param name="holder">Hash of the token of the step, the sign-in, or the browser; an earlier question of it is forgotten.</param>
    /// <param name="state">What the answer is checked against.</param>
    /// <param name="sourceAddress">Where the person is.</param>
    public async Task<bool> KeepAsync(PasskeyPurpose purpose, byte[] holder, string state, string sourceAddress)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteAsync(
            $"""
                   with old as (
                        delete from passkey_challenge
                         where created_at    <= now() - {Lifetime}
                           and holder_sha256 <> @holder)
                 insert into passkey_challenge (holder_sha256, purpose, state, source)
                 select @holder, @purpose, @state, @source
                  where @purpose <> 'alone'
                     or (select count(*) from passkey_challenge where source = @source and purpose = 'alone' and created_at > now() - {Lifetime}) < @MostOfSource
            on conflict (holder_sha256) do update
                    set purpose = excluded.purpose, state = excluded.state, source = excluded.source, created_at = now()
            """, new { holder, purpose = SqlText.Of(purpose), state = box.Seal(Encoding.UTF8.GetBytes(state), Place(purpose, holder)), source = SourcePrefix.Of(sourceAddress), MostOfSource }) == 1;
    }

    /// <summary>The state of an open question, which is open no more; null when there is none.</summary>
    public async Task<string?> TakeAsync(PasskeyPurpose purpose, byte[] holder)
    {
        await using var connection = await database.OpenConnectionAsync();
        var taken = await connection.QuerySingleOrDefaultAsync<byte[]>(
            $"""
               delete from passkey_challenge
                where holder_sha256 = @holder
                  and purpose       = @purpose
                  and created_at    > now() - {Lifetime}
            returning state
            """, new { holder, purpose = SqlText.Of(purpose) });
        return taken is not null && box.Open(taken, Place(purpose, holder)) is { } state ? Encoding.UTF8.GetString(state) : null;
    }

    private static string Place(PasskeyPurpose purpose, byte[] holder) => $"passkey_challenge.state:{SqlText.Of(purpose)}:{Convert.ToHexString(holder)}";
}
