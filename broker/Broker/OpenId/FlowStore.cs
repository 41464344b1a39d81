using System.Text;
using Dapper;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.OpenId;

/// <summary>A sign-in that was sent to its provider.</summary>
/// <param name="Back">Page of the face that the person wanted.</param>
/// <param name="Fresh">The provider was to ask again whoever is signed in there.</param>
internal sealed record Flow(Guid ProviderId, Audience Audience, string RedirectUri, string Back, string Nonce, string Verifier, bool Fresh, DateTimeOffset BegunAt);

/// <summary>SQL of sign-ins under way. The state is stored hashed, nonce and verifier sealed.</summary>
internal sealed class FlowStore(Database database, SecretBox box, IOptions<OpenIdOptions> options)
{
    /// <summary>False when as many as may be are under way.</summary>
    public async Task<bool> BeginAsync(Flow flow, byte[] state, byte[] browser, string sourceAddress)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteAsync(
            """
              with old as (
                   delete from oidc_flow
                    where expires_at < now())
            insert into oidc_flow (state_sha256, browser_sha256, provider_id, audience, redirect_uri, back, secrets, fresh, source_address, expires_at)
            select @state, @browser, @ProviderId, @audience, @RedirectUri, @Back, @secrets, @Fresh, @sourceAddress, now() + @FlowLifetime
             where (select count(*) from oidc_flow where source_address = @sourceAddress and expires_at > now()) < @MostFlowsPerSource
               and (select count(*) from oidc_flow where expires_at > now()) < @MostFlows
            """,
            new
            {
                state, browser, flow.ProviderId, audience = SqlText.Of(flow.Audience), flow.RedirectUri, flow.Back, flow.Fresh, sourceAddress,
                secrets = box.Seal(Encoding.ASCII.GetBytes($"{flow.Nonce} {flow.Verifier}"), Place(state)),
                options.Value.FlowLifetime, options.Value.MostFlowsPerSource, options.Value.MostFlows,
            }) == 1;
    }

    /// <summary>Takes it, so that nobody can again; null when it is over, was taken, or was begun by another browser.</summary>
    public async Task<Flow?> TakeAsync(byte[] state, byte[] browser)
    {
        await using var connection = await database.OpenConnectionAsync();
        var row = await connection.QuerySingleOrDefaultAsync<Row>(
            """
               delete from oidc_flow
                where state_sha256   = @state
                  and browser_sha256 = @browser
                  and expires_at     > now()
            returning provider_id, audience, redirect_uri, back, secrets, fresh, created_at
            """, new { state, browser });
        if (row is null || box.Open(row.Secrets, Place(state)) is not { } opened || Encoding.ASCII.GetString(opened).Split(' ') is not [var nonce, var verifier]) return null;
        return new(row.ProviderId, SqlText.Parse<Audience>(row.Audience), row.RedirectUri, row.Back, nonce, verifier, row.Fresh, new(row.CreatedAt, TimeSpan.Zero));
    }

    private static string Place(byte[] state) => $"oidc_flow.secrets:{Convert.ToHexString(state)}";

    private sealed record Row
    {
        public Guid ProviderId { get; init; }
        public string Audience { get; init; } = "";
        public string RedirectUri { get; init; } = "";
        public string Back { get; init; } = "";
        public byte[] Secrets { get; init; } = [];
        public bool Fresh { get; init; }
        public DateTime CreatedAt { get; init; }
    }
}
