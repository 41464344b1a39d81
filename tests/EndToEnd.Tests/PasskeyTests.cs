using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Montalegre.Vdi.Rig;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.EndToEnd.Tests;

/// <summary>Passkeys in the distribution's Chromium, against the real broker, at portal and console.</summary>
[Collection(RunningStack.Tests)]
public sealed partial class PasskeyTests(RunningStack running)
{
    private static readonly LocatorAssertionsToHaveTextOptions Patient = new() { Timeout = 120_000 };

    [Fact]
    public async Task An_employee_adds_a_passkey_signs_in_with_it_after_the_password_and_alone_and_not_once_it_is_removed()
    {
        await using var chromium = await Chromium.StartAsync();
        var page = await chromium.OpenAsync(AtLocalhost(running.Stack.PortalUrl));
        var authenticator = await VirtualAuthenticator.AddAsync(page);
        await page.GotoAsync("/sign-in?return=/account");
        await PicturesAsync(page, "passkey-portal-sign-in");
        await PasswordAsync(page);
        await page.Locator("#passkey-name").FillAsync("Portátil da Ana");
        await PicturesAsync(page, "passkey-portal-account-none");
        await page.Locator("form.passkey button").ClickAsync();
        await Expect(page.Locator("h1")).ToHaveTextAsync("Códigos de recuperação", Patient);
        await Expect(page.Locator(".codes-list li")).ToHaveCountAsync(10);
        await page.GotoAsync("/account");
        await Expect(page.Locator("ul.rows strong").First).ToHaveTextAsync("Portátil da Ana");
        await PicturesAsync(page, "passkey-portal-account");
        await InEnglishAsync(page, "passkey-portal-account-en");

        // Again on the same device: the browser knows it before we are asked.
        await page.Locator("form.passkey button").ClickAsync();
        await Expect(page.Locator("form.passkey [role=alert]")).ToHaveTextAsync("Este aparelho já tem uma chave de acesso da sua conta.", new() { Timeout = 120_000 });

        await SignOutAsync(page);
        await PasswordAsync(page);
        await Expect(page.Locator("h1")).ToHaveTextAsync("Segundo passo", Patient);
        await PicturesAsync(page, "passkey-portal-second-step");
        await InEnglishAsync(page, "passkey-portal-second-step-en");
        await Expect(page.Locator("input[name=code]")).ToHaveCountAsync(0);
        await page.Locator("form.passkey button").ClickAsync();
        await Expect(page.Locator(".person")).ToBeVisibleAsync(new() { Timeout = 120_000 });
        var signatures = await authenticator.SignaturesAsync();

        await SignOutAsync(page);
        await page.Locator("form.passkey button").ClickAsync();
        await Expect(page.Locator(".person")).ToBeVisibleAsync(new() { Timeout = 120_000 });
        Assert.True(await authenticator.SignaturesAsync() > signatures);

        await page.GotoAsync("/account");
        await page.Locator("details.rename summary").ClickAsync();
        await page.Locator("details.rename input[name=name]").FillAsync("Portátil velho");
        await page.Locator("details.rename button").ClickAsync();
        await Expect(page.Locator("[role=status].notice")).ToHaveTextAsync("O nome da chave de acesso foi mudado.", Patient);
        await page.GetByRole(AriaRole.Button, new() { Name = "Remover a chave de acesso Portátil velho" }).ClickAsync();
        await Expect(page.Locator("[role=status].notice")).ToContainTextAsync("foi removida", new() { Timeout = 120_000 });
        await SignOutAsync(page);
        await page.Locator("form.passkey button").ClickAsync();
        await Expect(page.Locator("[role=alert] code").First).ToHaveTextAsync("PASSKEY_UNKNOWN", Patient);
        await PicturesAsync(page, "passkey-portal-refused");

        await PasswordAsync(page);
        await Expect(page.Locator(".person")).ToBeVisibleAsync(new() { Timeout = 120_000 });
        await running.SignAnaInAgainAsync();
    }

    [Fact]
    public async Task An_administrator_adds_a_passkey_at_the_console_and_signs_in_with_it_after_the_password_and_alone_and_not_once_it_is_removed()
    {
        await using var chromium = await Chromium.StartAsync();
        var page = await chromium.OpenConsoleAsync(AtLocalhost(running.Stack.ConsoleUrl), running.Rui, "/account");
        var authenticator = await VirtualAuthenticator.AddAsync(page);
        await page.Locator("form.passkey input[name=name]").FillAsync("Chave do Rui");
        await PicturesAsync(page, "passkey-console-account-none");
        await page.Locator("form.passkey button").ClickAsync();
        await Expect(page.Locator("[role=status]")).ToHaveTextAsync("A chave de acesso foi adicionada.", Patient);
        await Expect(page.Locator("ul.own strong").Last).ToHaveTextAsync("Chave do Rui");
        await PicturesAsync(page, "passkey-console-account");
        await InEnglishAsync(page, "passkey-console-account-en");

        await page.Context.ClearCookiesAsync();
        await page.GotoAsync("/sign-in?return=/account");
        await PicturesAsync(page, "passkey-console-sign-in");
        await PasswordAtConsoleAsync(page);
        await Expect(page.Locator("h1")).ToHaveTextAsync("Segundo passo", Patient);
        await PicturesAsync(page, "passkey-console-second-step");
        await Expect(page.Locator("input[name=code]")).ToHaveCountAsync(1);
        await page.Locator("form.passkey button").ClickAsync();
        await Expect(page.Locator("h1")).ToHaveTextAsync("A sua conta", Patient);

        await page.Context.ClearCookiesAsync();
        await page.GotoAsync("/sign-in?return=/account");
        await authenticator.KnowsOwnerAsync(false);
        await page.Locator("form.passkey button").ClickAsync();
        await Expect(page.Locator("form.passkey [role=alert]")).ToContainTextAsync("não foi usada", new() { Timeout = 120_000 });
        await authenticator.KnowsOwnerAsync(true);
        await page.Locator("form.passkey button").ClickAsync();
        await Expect(page.Locator("h1")).ToHaveTextAsync("A sua conta", Patient);

        await page.Locator("ul.own summary").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Remover a chave de acesso Chave do Rui" }).ClickAsync();
        await Expect(page.Locator("[role=status]")).ToContainTextAsync("foi removida", new() { Timeout = 120_000 });
        await page.Context.ClearCookiesAsync();
        await page.GotoAsync("/sign-in?return=/account");
        await page.Locator("form.passkey button").ClickAsync();
        await Expect(page.Locator("main [role=alert]").First).ToContainTextAsync("não está registada aqui", new() { Timeout = 120_000 });
        await PicturesAsync(page, "passkey-console-refused");
    }

    // An address of numbers has no passkeys.
    private static string AtLocalhost(string url) => url.Replace("127.0.0.1", "localhost", StringComparison.Ordinal);

    private async Task PasswordAsync(IPage page)
    {
        await page.Locator("#user").FillAsync(running.Stack.UserName);
        await page.Locator("#password").FillAsync(running.Stack.Password);
        await page.Locator("form.fields .primary").First.ClickAsync();
    }

    private static async Task PasswordAtConsoleAsync(IPage page)
    {
        await page.Locator("input[name=userName]").FillAsync(Administrator.UserName);
        await page.Locator("input[name=password]").FillAsync(Administrator.Password);
        await page.Locator("button.main").ClickAsync();
    }

    private static async Task SignOutAsync(IPage page)
    {
        await page.Locator("form[action='/sign-out'] button").ClickAsync();
        await Expect(page).ToHaveURLAsync(LeftPage(), new() { Timeout = 120_000 });
    }

    private static async Task InEnglishAsync(IPage page, string picture)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = "English" }).ClickAsync();
        await Expect(page.Locator("html")).ToHaveAttributeAsync("lang", new Regex("^en"), new() { Timeout = 120_000 });
        await PicturesAsync(page, picture);
        await page.GetByRole(AriaRole.Button, new() { Name = "Português" }).ClickAsync();
        await Expect(page.Locator("html")).ToHaveAttributeAsync("lang", new Regex("^pt"), new() { Timeout = 120_000 });
    }

    private static async Task PicturesAsync(IPage page, string name)
    {
        Directory.CreateDirectory(Checkout.Path("artifacts/pictures"));
        foreach (var (width, height) in new[] { (1280, 800), (390, 844) })
        {
            await page.SetViewportSizeAsync(width, height);
            Assert.True(await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth") <= width, $"{name} is wider than {width} px.");
            await page.ScreenshotAsync(new() { Path = Checkout.Path($"artifacts/pictures/{name}-{width}.png"), FullPage = true });
        }
        await page.SetViewportSizeAsync(1280, 800);
    }

    [GeneratedRegex("/sign-in\\?left=1$")]
    private static partial Regex LeftPage();
}
