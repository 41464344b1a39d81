using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Montalegre.Vdi.Broker.Tests.OpenId;
using Montalegre.Vdi.Flows;
using Montalegre.Vdi.Rig;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.Broker.Tests.Identity;

/// <summary>Administrators without a second factor begin with a passkey, at the portal and at the console, in a real Chromium with an authenticator of its own.</summary>
public sealed partial class FirstPasskeyTests(OidcFaces faces) : IClassFixture<OidcFaces>
{
    [Theory]
    [InlineData("console", "pt-PT", 1440)]
    [InlineData("console", "en-GB", 390)]
    [InlineData("portal", "pt-PT", 1440)]
    [InlineData("portal", "en-GB", 390)]
    public async Task First_factor_may_be_a_passkey_and_signs_in_from_then_on(string face, string language, int width)
    {
        var user = $"{face}{width}";
        await faces.Broker.LocalAsync(user, administrator: true);
        var page = await faces.OpenAsync(language, width: width);
        await AddAuthenticatorAsync(page);
        // A console inside of a test has no files that its project only links: it is the portal's script.
        if (face == "console") await page.RouteAsync(ConsoleScript(), route => route.FulfillAsync(new() { Path = Checkout.Path("broker/Portal/Assets/passkey.js"), ContentType = "text/javascript" }));
        var address = OidcFaces.AtLocalhost(face == "console" ? faces.Console : faces.Portal);
        await page.GotoAsync($"{address}/sign-in?return=%2Faccount");
        await PasswordAsync(page, user);
        await Expect(page).ToHaveURLAsync(AppPage());
        await Expect(page.Locator("#secret")).ToBeVisibleAsync();
        await Expect(page.Locator("form.passkey button")).ToBeVisibleAsync();
        Assert.Equal(0, await page.EvaluateAsync<int>("() => Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)"));
        await Pictures.TakeAsync(page, $"passkey-first-{face}-{language}-{width}", always: false, wholePage: true);

        await page.Locator("form.passkey input[name=name]").FillAsync("Chave do serviço");
        await page.Locator("form.passkey button").ClickAsync();
        await Expect(page.Locator("#secret")).ToHaveCountAsync(0);
        await Expect(page.Locator("code").First).ToHaveTextAsync(RecoveryCode());
        await page.GotoAsync($"{address}/account");
        await Expect(page.GetByText("Chave do serviço").First).ToBeVisibleAsync();
        Assert.Equal(1, await faces.Broker.ScalarAsync<int>("select count(*)::int from passkey join app_user using (user_id) where user_name = @user and name = 'Chave do serviço'", new { user }));
        Assert.Equal(0, await faces.Broker.ScalarAsync<int>("select count(*)::int from totp join app_user using (user_id) where user_name = @user", new { user }));

        await page.Context.ClearCookiesAsync();
        await page.GotoAsync($"{address}/sign-in?return=%2Faccount");
        await PasswordAsync(page, user);
        await Expect(page).ToHaveURLAsync(CodePage());
        await page.Locator("form.passkey button").ClickAsync();
        await Expect(page).ToHaveURLAsync($"{address}/account");
        await page.Context.CloseAsync();
    }

    private static async Task PasswordAsync(IPage page, string user)
    {
        await page.Locator("input[name=userName], input[name=user]").FillAsync(user);
        await page.Locator("input[name=password]").FillAsync(TestApi.Password);
        await page.Locator("input[name=password]").PressAsync("Enter");
    }

    private static async Task AddAuthenticatorAsync(IPage page)
    {
        var devtools = await page.Context.NewCDPSessionAsync(page);
        await devtools.SendAsync("WebAuthn.enable");
        await devtools.SendAsync("WebAuthn.addVirtualAuthenticator", new()
        {
            ["options"] = new Dictionary<string, object>
            {
                ["protocol"] = "ctap2", ["transport"] = "internal", ["hasResidentKey"] = true, ["hasUserVerification"] = true, ["isUserVerified"] = true, ["automaticPresenceSimulation"] = true,
            },
        });
    }

    [GeneratedRegex("/passkey\\.[a-z0-9]+\\.js$")]
    private static partial Regex ConsoleScript();

    [GeneratedRegex("/sign-in/app")]
    private static partial Regex AppPage();

    [GeneratedRegex("/sign-in/code")]
    private static partial Regex CodePage();

    [GeneratedRegex("^[0-9a-z]{4}(-[0-9a-z]{4}){3}$")]
    private static partial Regex RecoveryCode();
}
