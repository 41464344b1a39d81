using Dapper;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.ClientCertificates;

/// <summary>A sign-in that waits for its certificate.</summary>
/// <param name="Browser">SHA-256 of the secret of the browser that began it.</param>
/// <param name="Back">Page of the face that the person wanted.</param>
internal sealed record CertificateFlow(byte[] Browser, Audience Audience, string Back);

/// <summary>A certificate that was good, brought back by the browser that began.</summary>
internal sealed record HandedOver(KnownUser User, Audience Audience, string Back, string Authority, bool BothFactors);

/// <summary>SQL of sign-ins with certificates under way. What a browser has is stored hashed and taken once.</summary>
internal sealed class CertificateFlowStore(Database database, IOptions<ClientCertificateOptions> options)
{
    /// <summary>False when as many as may be are under way.</summary>
    public async Task<bool> BeginAsync(CertificateFlow flow, byte[] state, string sourceAddress)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteAsync(
            """
              with old as (
                   delete from certificate_flow
                    where expires_at < now())
            insert into certificate_flow (state_sha256, browser_sha256, audience, back, source_address, expires_at)
            select @state, @Browser, @audience, @Back, @sourceAddress, now() + @FlowLifetime
             where (select count(*) from certificate_flow where source_address = @sourceAddress and expires_at > now()) < @MostFlowsPerSource
               and (select count(*) from certificate_flow where expires_at > now()) < @MostFlows
            """,
            new { state, flow.Browser, audience = SqlText.Of(flow.Audience), flow.Back, sourceAddress, options.Value.FlowLifetime, options.Value.MostFlowsPerSource, options.Value.MostFlows }) == 1;
    }

    /// <summary>Takes it, so that nobody can again; null when it is over or was taken.</summary>
    public async Task<CertificateFlow?> TakeAsync(byte[] state)
    {
        await using var connection = await database.OpenConnectionAsync();
        var row = await connection.QuerySingleOrDefaultAsync<(byte[] Browser, string Audience, string Back)?>(
            """
               delete from certificate_flow
                where state_sha256 = @state
                  and expires_at   > now()
            returning browser_sha256, audience, back
            """, new { state });
        return row is { } found ? new(found.Browser, SqlText.Parse<Audience>(found.Audience), found.Back) : null;
    }

    /// <summary>Keeps who is on the way back.</summary>
    public async Task HandOverAsync(CertificateFlow flow, byte[] token, SignInAuthority authority, KnownUser user)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
              with old as (
                   delete from certificate_hand_over
                    where expires_at < now())
            insert into certificate_hand_over (token_sha256, browser_sha256, audience, back, authority_id, user_id, expires_at)
            values (@token, @Browser, @audience, @Back, @authority, @UserId, now() + @HandOverLifetime)
            """, new { token, flow.Browser, audience = SqlText.Of(flow.Audience), flow.Back, authority = authority.Id, user.UserId, options.Value.HandOverLifetime });
    }

    /// <summary>Takes what a browser brought, so that nobody can again; null when it is over, was taken, was begun by another browser or at the other face.</summary>
    public async Task<HandedOver?> TakeAsync(byte[] token, byte[] browser, Audience audience)
    {
        await using var connection = await database.OpenConnectionAsync();
        var row = await connection.QuerySingleOrDefaultAsync<Row>(
            """
              with taken as (
                   delete from certificate_hand_over
                    where token_sha256   = @token
                      and browser_sha256 = @browser
                      and audience       = @audience
                      and expires_at     > now()
                returning authority_id, user_id, back)
            select t.back, a.name as authority, a.both_factors, u.user_id, u.user_name, u.display_name, u.password_hash, u.enabled, u.administrator, has_factor(u.user_id) as has_factor
              from taken t
              join sign_in_authority a using (authority_id)
              join app_user u using (user_id)
             where a.enabled
            """, new { token, browser, audience = SqlText.Of(audience) });
        return row is null ? null
            : new(new(row.UserId, row.UserName, row.DisplayName, row.PasswordHash, row.Enabled, row.Administrator, row.HasFactor), audience, row.Back, row.Authority, row.BothFactors);
    }

    private sealed record Row
    {
        public string Back { get; init; } = "";
        public string Authority { get; init; } = "";
        public bool BothFactors { get; init; }
        public Guid UserId { get; init; }
        public string UserName { get; init; } = "";
        public string DisplayName { get; init; } = "";
        public string? PasswordHash { get; init; }
        public bool Enabled { get; init; }
        public bool Administrator { get; init; }
        public bool HasFactor { get; init; }
    }
}
