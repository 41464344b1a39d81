using System.Text;
using Grpc.Core;
using Microsoft.IdentityModel.Tokens;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Tests.OpenId;

/// <summary>Tokens that do not hold, from a provider that says what the test wants.</summary>
public sealed class TokenTests(OidcBroker broker) : IClassFixture<OidcBroker>, IAsyncLifetime
{
    private const string Event = "http://schemas.openid.net/event/backchannel-logout";
    private const string Secret = "a secret of the client that is long enough to sign with";
    // Of each test: who goes with a removed provider keeps the name of the account.
    private readonly string _name = $"ana.{Guid.NewGuid():N}"[..20];
    private CraftedProvider _crafted = null!;
    private OidcProvider _provider = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _crafted = await CraftedProvider.StartAsync();
        _provider = await broker.Providers.SaveAsync(new() { Provider = new() { Name = "Crafted", Issuer = _crafted.Issuer, ClientId = "montalegre", Authorities = _crafted.Authority }, ClientSecret = Secret }, broker.Administrator);
    }

    public async ValueTask DisposeAsync()
    {
        await broker.Providers.RemoveAsync(new() { ProviderId = _provider.ProviderId }, broker.Administrator);
        await _crafted.DisposeAsync();
    }

    [Fact]
    public async Task Only_a_token_that_holds_in_every_point_signs_in()
    {
        var (now, foreign) = (DateTimeOffset.UtcNow.ToUnixTimeSeconds(), CraftedProvider.NewKey(_crafted.Key.KeyId));
        var bad = new Dictionary<string, Func<string, string>>
        {
            ["another issuer"] = nonce => _crafted.Token(With(nonce, ("iss", "https://elsewhere.test"))),
            ["another audience"] = nonce => _crafted.Token(With(nonce, ("aud", "somebody"))),
            ["several audiences and no party"] = nonce => _crafted.Token(With(nonce, ("aud", new[] { "montalegre", "somebody" }))),
            ["issued to another party"] = nonce => _crafted.Token(With(nonce, ("aud", new[] { "montalegre", "somebody" }), ("azp", "somebody"))),
            ["another nonce"] = _ => _crafted.Token(With("another")),
            ["no nonce"] = nonce => _crafted.Token(With(nonce, ("nonce", null))),
            ["over"] = nonce => _crafted.Token(With(nonce, ("iat", now - 900), ("exp", now - 600))),
            ["without end"] = nonce => _crafted.Token(With(nonce, ("exp", null))),
            ["not yet"] = nonce => _crafted.Token(With(nonce, ("nbf", now + 900), ("exp", now + 1200))),
            ["no subject"] = nonce => _crafted.Token(With(nonce, ("sub", null))),
            ["another key under the same name"] = nonce => _crafted.Token(With(nonce), new(foreign, SecurityAlgorithms.RsaSha256)),
            ["signed with the client's secret"] = nonce => _crafted.Token(With(nonce), new(new SymmetricSecurityKey(Encoding.UTF8.GetBytes(Secret)), SecurityAlgorithms.HmacSha256)),
            ["not signed"] = nonce => $"{Base64UrlEncoder.Encode("{\"alg\":\"none\"}")}.{_crafted.Token(With(nonce)).Split('.')[1]}.",
            ["not a token"] = _ => "a.b.c",
            ["nothing"] = _ => "",
        };
        foreach (var (what, token) in bad)
        {
            _crafted.IdToken = token;
            var reason = await OidcBroker.RefusedAsync(() => EnterAsync());
            Assert.True(reason == "PROVIDER_REFUSED", $"{what}: {reason}");
        }
        _crafted.IdToken = nonce => _crafted.Token(With(nonce));
        Assert.Equal(_name, await EnterAsync());
    }

    [Fact]
    public async Task Provider_may_change_its_keys_and_its_name_must_be_the_one_it_was_set_up_with()
    {
        _crafted.IdToken = nonce => _crafted.Token(With(nonce));
        Assert.Equal(_name, await EnterAsync());
        var asked = _crafted.KeysAsked;
        Assert.Equal(_name, await EnterAsync());
        Assert.Equal(asked, _crafted.KeysAsked);   // remembered

        _crafted.CallsItself = "https://elsewhere.test";
        var answer = await broker.Providers.TestAsync(new() { Provider = _provider }, broker.Administrator);
        Assert.Contains("https://elsewhere.test", answer.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logout_token_ends_what_it_names_once_and_one_that_does_not_hold_ends_nothing()
    {
        _crafted.IdToken = nonce => _crafted.Token(With(nonce, ("sid", "s1")));
        var token = await EnterAsync(answer: done => done.SignedIn.Token);
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var bad = new Dictionary<string, string>
        {
            ["an ID token"] = _crafted.Token(With("n", ("jti", "1"))),
            ["with a nonce"] = _crafted.Token(Logout(("nonce", "n"))),
            ["no event"] = _crafted.Token(Logout(("events", new Dictionary<string, object> { ["http://elsewhere.test/event"] = new Dictionary<string, object>() }))),
            ["event is a text"] = _crafted.Token(Logout(("events", Event))),
            ["names nobody"] = _crafted.Token(Logout(("sub", null), ("sid", null))),
            ["no identifier"] = _crafted.Token(Logout(("jti", null))),
            ["too old"] = _crafted.Token(Logout(("iat", now - 7200))),
            ["another audience"] = _crafted.Token(Logout(("aud", "somebody"))),
            ["another key"] = _crafted.Token(Logout(), new(CraftedProvider.NewKey(_crafted.Key.KeyId), SecurityAlgorithms.RsaSha256)),
            ["nothing"] = "",
        };
        foreach (var (what, logout) in bad)
        {
            var reason = await OidcBroker.RefusedAsync(async () => await LogOutAsync(logout));
            Assert.True(reason == "INVALID_FIELD", $"{what}: {reason}");
        }
        Assert.Equal(0u, await LogOutAsync(_crafted.Token(Logout(("sid", "another"), ("jti", "other session")))));
        Assert.NotNull(await broker.Portal.ListDesktopsAsync(new(), TestApi.With(token)));

        var good = _crafted.Token(Logout());
        Assert.Equal(1u, await LogOutAsync(good));
        await EndedAsync(token);

        var again = await EnterAsync(answer: done => done.SignedIn.Token);
        Assert.Equal(0u, await LogOutAsync(good));
        Assert.NotNull(await broker.Portal.ListDesktopsAsync(new(), TestApi.With(again)));
        Assert.Equal(1u, await LogOutAsync(_crafted.Token(Logout(("sid", null), ("jti", "whole person")))));
        await EndedAsync(again);
    }

    // INVARIANT: whatever is posted as a logout token is refused, never a failure of ours.
    [Fact]
    public async Task Logout_tokens_that_were_bent_are_refused_and_break_nothing()
    {
        var random = new Random(20261127);
        var good = Encoding.ASCII.GetBytes(_crafted.Token(Logout(("jti", "bent"))));
        for (var round = 0; round < 300; round++)
        {
            var bent = good.ToArray();
            for (var change = random.Next(1, 6); change > 0; change--) bent[random.Next(bent.Length)] = (byte)random.Next(32, 127);
            if (round % 3 == 0) bent = bent[..random.Next(bent.Length)];
            if (bent.AsSpan().SequenceEqual(good)) continue;
            var refused = await Assert.ThrowsAsync<RpcException>(async () => await LogOutAsync(Encoding.ASCII.GetString(bent)));
            Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        }
        foreach (var odd in new[] { new string('.', 4), new string('a', 100_000), "\u0000.\u0000.\u0000", "e30.e30.e30", "e30.W10.", "bnVsbA.bnVsbA.bnVsbA", new string('.', 60_000) })
            Assert.Equal("INVALID_FIELD", await OidcBroker.RefusedAsync(async () => await LogOutAsync(odd)));
    }

    private Dictionary<string, object?> With(string nonce, params (string Claim, object? Value)[] further)
    {
        var claims = new Dictionary<string, object?> { ["nonce"] = nonce, ["preferred_username"] = _name };
        foreach (var (claim, value) in further) claims[claim] = value;
        return claims;
    }

    private static Dictionary<string, object?> Logout(params (string Claim, object? Value)[] further)
    {
        var claims = new Dictionary<string, object?> { ["jti"] = "logout 1", ["sid"] = "s1", ["events"] = new Dictionary<string, object> { [Event] = new Dictionary<string, object>() } };
        foreach (var (claim, value) in further) claims[claim] = value;
        return claims;
    }

    private async Task<uint> LogOutAsync(string token) => (await broker.SignIn.LogOutAsync(new() { LogoutToken = token }, cancellationToken: Ct)).Ended;

    // Within two seconds by contract; the test only waits long enough.
    private async Task EndedAsync(string token) => await Agents.Until.TrueAsync(async () =>
    {
        try
        {
            await broker.Portal.ListDesktopsAsync(new(), TestApi.With(token));
            return false;
        }
        catch (RpcException e) { return e.Trailers.GetValue("reason") == "SIGN_IN_EXPIRED"; }
    }, "the sign-in has ended");

    // The provider's answer to the browser is made here: its code is the nonce of the question.
    private async Task<string> EnterAsync(Func<Contracts.Identity.V1.FinishProviderSignInResponse, string>? answer = null)
    {
        var begun = await broker.BeginAsync(_provider);
        var query = System.Web.HttpUtility.ParseQueryString(new Uri(begun.Address).Query);
        var done = await broker.FinishAsync(new Dictionary<string, string> { ["state"] = query["state"]!, ["code"] = query["nonce"]! }, begun.Browser);
        return answer?.Invoke(done) ?? done.SignedIn.UserName;
    }
}
