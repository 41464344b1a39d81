using System.Net;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>The second step and the account's factors, in a browser without script.</summary>
public sealed class SecondFactorPagesTests : IAsyncLifetime
{
    private readonly PortalRig _rig = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _rig.InitializeAsync();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task Right_password_leads_to_the_code_and_only_the_code_to_the_page_that_was_asked_for()
    {
        _rig.Broker.HasApp = true;
        using var client = _rig.NewClient();
        var answer = await PasswordAsync(client, "/help");
        Assert.Equal("/sign-in/code?return=%2Fhelp", answer.Headers.Location!.ToString());
        var cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"), c => c.StartsWith("__Host-montalegre-step=", StringComparison.Ordinal));
        Assert.All(["httponly", "secure", "samesite=strict", "path=/"], part => Assert.Contains(part, cookie, StringComparison.OrdinalIgnoreCase));
        Assert.Equal("/sign-in", (await client.GetAsync("/", Stop)).Headers.Location!.ToString());

        var code = "/sign-in/code?return=%2Fhelp";
        var wrong = await PortalRig.PostAsync(client, code, "/sign-in/code", ("code", "000000"), ("return", "/help"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.StatusCode);
        Assert.Contains("CODE_WRONG", await wrong.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
        var right = await PortalRig.PostAsync(client, code, "/sign-in/code", ("code", "123 456"), ("return", "/help"));
        Assert.Equal("/help", right.Headers.Location!.ToString());
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/", Stop)).StatusCode);
        Assert.Equal("/sign-in", (await client.GetAsync("/sign-in/code", Stop)).Headers.Location!.ToString());
        Assert.DoesNotContain(_rig.Log, line => line.Contains("step-maria", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_must_have_a_factor_enrols_one_and_sees_the_recovery_codes_once()
    {
        _rig.Broker.MustEnrol = true;
        using var client = _rig.NewClient();
        Assert.Equal("/sign-in/app", (await PasswordAsync(client, "/")).Headers.Location!.ToString());
        Assert.Equal("/sign-in/app", (await client.GetAsync("/sign-in/code", Stop)).Headers.Location!.ToString());
        var page = await client.GetStringAsync("/sign-in/app", Stop);
        Assert.Contains("JBSW Y3DP", page, StringComparison.Ordinal);
        Assert.Contains("<path d=\"M4 4h7", page, StringComparison.Ordinal);

        var wrong = await PortalRig.PostAsync(client, "/sign-in/app", "/sign-in/app", ("code", "000000"));
        Assert.Contains("JBSW Y3DP", await wrong.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
        var done = await PortalRig.PostAsync(client, "/sign-in/app", "/sign-in/app", ("code", FakeSecondStep.Code));
        Assert.Contains("0203-bcdf-ghjk-mnpq", await done.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
        Assert.Contains("no-store", done.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/", Stop)).StatusCode);
    }

    [Fact]
    public async Task Step_that_is_over_asks_for_the_password_again_and_says_why()
    {
        _rig.Broker.HasApp = true;
        using var client = _rig.NewClient();
        await PasswordAsync(client, "/");
        _rig.Broker.ForgetSteps();
        Assert.Equal("/sign-in?expired=2", (await client.GetAsync("/sign-in/code", Stop)).Headers.Location!.ToString());
        Assert.Contains("STEP_EXPIRED", await client.GetStringAsync("/sign-in?expired=2", Stop), StringComparison.Ordinal);
        Assert.Equal("/sign-in", (await client.GetAsync("/sign-in/code", Stop)).Headers.Location!.ToString());
    }

    [Fact]
    public async Task Account_adds_and_removes_an_app_after_a_fresh_sign_in()
    {
        using var client = await _rig.SignedInAsync();
        Assert.Contains("/account/app", await client.GetStringAsync("/account", Stop), StringComparison.Ordinal);
        _rig.Broker.Stale = true;
        var again = (await client.GetAsync("/account/app", Stop)).Headers.Location!.ToString();
        Assert.Equal("/sign-in?again=1&return=%2Faccount%2Fapp", again);
        Assert.Contains("SIGN_IN_AGAIN", await client.GetStringAsync(again, Stop), StringComparison.Ordinal);
        _rig.Broker.Stale = false;
        var back = await PortalRig.PostAsync(client, again, "/sign-in", ("user", "maria"), ("password", FakeBroker.Password), ("return", "/account/app"));
        Assert.Equal("/account/app", back.Headers.Location!.ToString());
        Assert.Equal(1, _rig.Broker.SignedIn);   // the sign-in of before has ended

        var wrong = await PortalRig.PostAsync(client, "/account/app", "/account/app", ("code", "1"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.StatusCode);
        var added = await PortalRig.PostAsync(client, "/account/app", "/account/app", ("code", FakeSecondStep.Code));
        Assert.Contains("9293-bcdf-ghjk-mnpq", await added.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
        Assert.Contains("9 códigos de recuperação por usar", WebUtility.HtmlDecode(await client.GetStringAsync("/account", Stop)), StringComparison.Ordinal);
        var renewed = await PortalRig.PostAsync(client, "/account", "/account/recovery-codes");
        Assert.Contains("0203-bcdf-ghjk-mnpq", await renewed.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
        Assert.Equal("/account?done=removed", (await PortalRig.PostAsync(client, "/account", "/account/app/remove")).Headers.Location!.ToString());
        Assert.False(_rig.Broker.HasApp);
    }

    private static Task<HttpResponseMessage> PasswordAsync(HttpClient client, string back) =>
        PortalRig.PostAsync(client, "/sign-in", "/sign-in", ("user", "maria"), ("password", FakeBroker.Password), ("return", back));
}
