using System.Net;
using System.Text.Json.Nodes;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>The pages that ask for passkeys, in a browser without script: what they offer then, and what their addresses take.</summary>
public sealed class PasskeyPagesTests : IAsyncLifetime
{
    private readonly PortalRig _rig = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _rig.InitializeAsync();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task Sign_in_binds_its_question_to_the_browser_and_refuses_in_words()
    {
        using var client = _rig.NewClient();
        var page = await client.GetStringAsync("/sign-in?return=%2Fhelp", Stop);
        Assert.Matches("<form[^>]* hidden[^>]* data-begin=\"/sign-in/passkey/begin\"", page);
        Assert.Contains("<noscript>", page, StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.Forbidden, (await client.PostAsync("/sign-in/passkey/begin", new StringContent("{}"), Stop)).StatusCode);
        var question = await PortalRig.PostAsync(client, "/sign-in", "/sign-in/passkey/begin");
        Assert.Equal("AAAA", (string?)JsonNode.Parse(await question.Content.ReadAsStringAsync(Stop))!["options"]!["challenge"]);
        var cookie = Assert.Single(question.Headers.GetValues("Set-Cookie"), c => c.StartsWith("__Host-montalegre-passkey=", StringComparison.Ordinal));
        Assert.All(["httponly", "secure", "samesite=strict", "path=/"], part => Assert.Contains(part, cookie, StringComparison.OrdinalIgnoreCase));

        var wrong = await PortalRig.PostAsync(client, "/sign-in", "/sign-in/passkey", ("answer", "another"), ("return", "/help"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.StatusCode);
        Assert.Contains("PASSKEY_UNKNOWN", await wrong.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
        // The question went with that answer.
        var late = await PortalRig.PostAsync(client, "/sign-in", "/sign-in/passkey", ("answer", FakePasskeySignIn.Answer));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, late.StatusCode);
        await PortalRig.PostAsync(client, "/sign-in", "/sign-in/passkey/begin");
        var right = await PortalRig.PostAsync(client, "/sign-in", "/sign-in/passkey", ("answer", FakePasskeySignIn.Answer), ("return", "/help"));
        Assert.Equal("/help", right.Headers.Location!.ToString());
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/", Stop)).StatusCode);
    }

    [Fact]
    public async Task Second_step_offers_what_the_person_has_and_always_a_recovery_code()
    {
        _rig.Broker.HasPasskey = true;
        using var client = _rig.NewClient();
        await PortalRig.PostAsync(client, "/sign-in", "/sign-in", ("user", "maria"), ("password", FakeBroker.Password));
        var page = await client.GetStringAsync("/sign-in/code", Stop);
        Assert.DoesNotContain("name=\"code\"", page, StringComparison.Ordinal);
        Assert.Contains("/sign-in/code/passkey/begin", page, StringComparison.Ordinal);
        Assert.Contains("way=recovery", page, StringComparison.Ordinal);
        Assert.Contains("name=\"code\"", await client.GetStringAsync("/sign-in/code?way=recovery", Stop), StringComparison.Ordinal);
        _rig.Broker.HasApp = true;
        Assert.Contains("name=\"code\"", await client.GetStringAsync("/sign-in/code", Stop), StringComparison.Ordinal);

        Assert.Contains("AAAA", await (await PortalRig.PostAsync(client, "/sign-in/code", "/sign-in/code/passkey/begin")).Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
        var wrong = await PortalRig.PostAsync(client, "/sign-in/code", "/sign-in/code/passkey", ("answer", "another"));
        Assert.Contains("PASSKEY_REFUSED", await wrong.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
        var right = await PortalRig.PostAsync(client, "/sign-in/code", "/sign-in/code/passkey", ("answer", FakePasskeySignIn.Answer), ("return", "//evil.example"));
        Assert.Equal("/", right.Headers.Location!.ToString());
    }

    [Fact]
    public async Task Who_must_have_a_factor_may_begin_with_a_passkey_and_sees_the_recovery_codes_once()
    {
        _rig.Broker.MustEnrol = true;
        using var client = _rig.NewClient();
        await PortalRig.PostAsync(client, "/sign-in", "/sign-in", ("user", "maria"), ("password", FakeBroker.Password), ("return", "/help"));
        var page = await client.GetStringAsync("/sign-in/app", Stop);
        Assert.Contains("/sign-in/app/passkey/begin", page, StringComparison.Ordinal);
        Assert.Contains("id=\"secret\"", page, StringComparison.Ordinal);      // the app is there as well
        Assert.Contains("AAAA", await (await PortalRig.PostAsync(client, "/sign-in/app", "/sign-in/app/passkey/begin")).Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);

        var wrong = await PortalRig.PostAsync(client, "/sign-in/app", "/sign-in/app/passkey", ("answer", "another"), ("name", "Chave"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.StatusCode);
        Assert.Contains("PASSKEY_REFUSED", await wrong.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
        var done = await PortalRig.PostAsync(client, "/sign-in/app", "/sign-in/app/passkey", ("answer", FakePasskeySignIn.Answer), ("name", "Chave"), ("return", "/help"));
        var codes = await done.Content.ReadAsStringAsync(Stop);
        Assert.Contains("0203-bcdf-ghjk-mnpq", codes, StringComparison.Ordinal);
        Assert.Contains("href=\"/help\"", codes, StringComparison.Ordinal);
        Assert.Contains("no-store", done.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/", Stop)).StatusCode);
        Assert.Equal("/sign-in", (await PortalRig.PostAsync(client, "/account", "/sign-in/app/passkey", ("answer", FakePasskeySignIn.Answer), ("name", "Chave"))).Headers.Location!.ToString());
    }

    [Fact]
    public async Task Account_adds_and_removes_a_passkey_after_a_fresh_sign_in()
    {
        using var client = await _rig.SignedInAsync();
        _rig.Broker.Stale = true;
        var stale = await PortalRig.PostAsync(client, "/account", "/account/passkeys/begin");
        Assert.Equal("/sign-in?again=1&return=%2Faccount", (string?)JsonNode.Parse(await stale.Content.ReadAsStringAsync(Stop))!["go"]);
        _rig.Broker.Stale = false;

        var added = await PortalRig.PostAsync(client, "/account", "/account/passkeys", ("answer", FakePasskeySignIn.Answer), ("name", "Telemóvel"));
        Assert.Contains("9293-bcdf-ghjk-mnpq", await added.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
        Assert.Contains("Remover a chave de acesso Telemóvel", WebUtility.HtmlDecode(await client.GetStringAsync("/account", Stop)), StringComparison.Ordinal);
        Assert.Equal("/account?done=passkey-removed", (await PortalRig.PostAsync(client, "/account", "/account/passkeys/remove", ("passkey", "p-1"))).Headers.Location!.ToString());
        Assert.False(_rig.Broker.HasPasskey);
    }
}
