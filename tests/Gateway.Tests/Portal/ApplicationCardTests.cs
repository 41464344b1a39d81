using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>Published applications on the portal, in a real Chromium; pictures go to the folder in MONTALEGRE_SHOTS.</summary>
public sealed class ApplicationCardTests(Browser browser) : IClassFixture<Browser>, IAsyncLifetime
{
    private const string Editor = "0197f000-0000-7000-8000-0000000000e1";
    private const string Accounts = "0197f000-0000-7000-8000-0000000000e2";
    private readonly PortalRig _rig = new();

    public ValueTask InitializeAsync() => _rig.InitializeAsync();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task Application_is_opened_from_its_card_and_the_broker_hears_which()
    {
        _rig.Broker.Applications = [Application(Editor, "Editor de texto")];
        var page = await browser.OpenAsync(_rig.Address);
        await SignInAsync(page, "pt-PT");
        var card = page.Locator(".desktop", new() { HasText = "Editor de texto" });
        await Expect(card.GetByText("Aplicação", new() { Exact = true })).ToBeVisibleAsync();
        await Expect(card.Locator(".initials")).ToHaveTextAsync("ET");
        await Expect(card.GetByText("Pronto", new() { Exact = true })).ToBeVisibleAsync();

        await card.GetByRole(AriaRole.Button, new() { Name = "Abrir", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToContainTextAsync("Editor de texto");
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Button, new() { Name = "Descarregar ficheiro .rdp" }).ClickAsync());
        Assert.Equal("Editor de texto.rdp", download.SuggestedFilename);
        Assert.All(_rig.Broker.Launches, l => Assert.Equal((FakeBroker.Pool, Editor), (l.PoolId, l.ApplicationId)));
        Assert.NotEmpty(_rig.Broker.Launches);
    }

    [Theory]
    [InlineData(1440, "pt-PT")]
    [InlineData(390, "en-GB")]
    public async Task Application_with_an_icon_shows_it_at_an_address_that_a_browser_may_keep(int width, string language)
    {
        _rig.Broker.Icon = Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAABAAAAAQAQMAAAAlPW0iAAAAA1BMVEUzZswgIiSpAAAADElEQVR42mNgIA0AAAAwAAEodEl9AAAAAElFTkSuQmCC");
        _rig.Broker.Applications = [Application(Editor, "Editor de texto"), Application(Accounts, "Contas")];
        _rig.Broker.Applications[0].ApplicationIcon = new string('a', 64);
        var page = await browser.OpenAsync(_rig.Address, width, 900, language: language);
        await SignInAsync(page, language);
        var icon = page.Locator(".desktop img.icon");
        await Expect(icon).ToHaveCountAsync(1);
        await icon.ScrollIntoViewIfNeededAsync();
        await page.WaitForFunctionAsync("() => document.querySelector('img.icon').naturalWidth === 16");
        await Expect(page.Locator(".desktop", new() { HasText = "Contas" }).Locator(".initials")).ToHaveTextAsync("C");
        if (Environment.GetEnvironmentVariable("MONTALEGRE_SHOTS") is { Length: > 0 } folder) await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"application-card-icon-{language}-{width}.png"), FullPage = true });
        // Whether it is kept cannot be seen here: Chromium keeps nothing over a certificate that is not its own to trust.
        var place = (await icon.GetAttributeAsync("src"))!;
        Assert.EndsWith("/" + new string('a', 16), place, StringComparison.Ordinal);
        Assert.Equal(["200", "image/png", "nosniff", "private, max-age=31536000, immutable", "default-src 'none'; sandbox", Convert.ToBase64String(_rig.Broker.Icon)], await FetchAsync(place));
        Assert.Equal("404", (await FetchAsync($"/applications/{Accounts}/icon/0"))[0]);
        await page.Context.ClearCookiesAsync();
        Assert.NotEqual("image/png", (await FetchAsync(place))[1]);

        Task<string[]> FetchAsync(string path) => page.EvaluateAsync<string[]>("""
            async path => {
              const answer = await fetch(path, { cache: 'no-store' }), bytes = new Uint8Array(await answer.arrayBuffer());
              return [`${answer.status}`, ...['content-type', 'x-content-type-options', 'cache-control', 'content-security-policy'].map(name => answer.headers.get(name)), btoa(String.fromCharCode(...bytes))];
            }
            """, path);
    }

    [Fact]
    public async Task Application_is_opened_in_the_browser_from_the_menu_of_its_card()
    {
        _rig.Broker.Applications = [Application(Editor, "Editor de texto")];
        var page = await browser.OpenAsync(_rig.Address);
        await SignInAsync(page, "pt-PT");
        var card = page.Locator(".desktop", new() { HasText = "Editor de texto" });
        await card.Locator(".more summary").ClickAsync();
        await card.GetByRole(AriaRole.Link, new() { Name = "Abrir neste navegador" }).ClickAsync();
        await page.WaitForURLAsync($"**/desktop/{FakeBroker.Pool}_{Editor}");
        await Expect(page).ToHaveTitleAsync(new System.Text.RegularExpressions.Regex("^Editor de texto"));
        Assert.True(await Montalegre.Vdi.Rig.Clients.Eventually.IsTrueAsync(() => _rig.Broker.Launches.Any(l => l.ApplicationId == Editor && l.PoolId == FakeBroker.Pool), TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public async Task Favourite_application_comes_first_and_its_desktop_stays_where_it_was()
    {
        _rig.Broker.Applications = [Application(Editor, "Editor de texto"), Application(Accounts, "Contabilidade")];
        var page = await browser.OpenAsync(_rig.Address);
        await SignInAsync(page, "pt-PT");
        await Expect(page.Locator(".desktop h2")).ToHaveTextAsync(new[] { "Secretaria", "Editor de texto", "Contabilidade" });
        await page.Locator($"#f-{FakeBroker.Pool}_{Accounts}").ClickAsync();
        await Expect(page.Locator(".desktop h2").First).ToHaveTextAsync("Contabilidade");
        await Expect(page.Locator(".desktop h2")).ToHaveTextAsync(new[] { "Contabilidade", "Secretaria", "Editor de texto" });
    }

    [Fact]
    public async Task Card_says_what_is_open_instead_and_leads_out()
    {
        _rig.Broker.Desktops = [FakeBroker.InSession(DesktopState.SessionActive)];
        _rig.Broker.Applications = [Other(Application(Editor, "Editor de texto"), "Secretaria")];
        var page = await browser.OpenAsync(_rig.Address);
        await SignInAsync(page, "pt-PT");
        var card = page.Locator(".desktop", new() { HasText = "Editor de texto" });
        await Expect(card.GetByText("Tem aberto: Secretaria")).ToBeVisibleAsync();
        await Expect(card.GetByText("OTHER_PROGRAM_OPEN")).ToBeVisibleAsync();
        await Expect(card.GetByRole(AriaRole.Button, new() { Name = "Abrir", Exact = true })).ToHaveCountAsync(0);
        await card.GetByRole(AriaRole.Link, new() { Name = "Terminar sessão: Secretaria" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToContainTextAsync("Secretaria");
        await page.GetByRole(AriaRole.Button, new() { Name = "Terminar sessão e fechar os programas" }).ClickAsync();
        Assert.True(await Montalegre.Vdi.Rig.Clients.Eventually.IsTrueAsync(() => !_rig.Broker.LoggedOff.IsEmpty, TimeSpan.FromSeconds(60)));
        Assert.Equal(FakeBroker.Session, Assert.Single(_rig.Broker.LoggedOff));
    }

    [Fact]
    public async Task Broker_that_refuses_at_the_last_moment_is_quoted_with_what_is_open()
    {
        _rig.Broker.Applications = [Application(Editor, "Editor de texto")];
        _rig.Broker.Refusal = new Reason { Code = ReasonCode.OtherProgramOpen, Detail = "Contabilidade" };
        var page = await browser.OpenAsync(_rig.Address);
        await SignInAsync(page, "pt-PT");
        await page.GetByRole(AriaRole.Button, new() { Name = "Abrir", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Contabilidade");
        await Expect(page.GetByText("OTHER_PROGRAM_OPEN")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Card_beside_an_open_application_opens_there_and_the_way_out_names_all_that_it_ends()
    {
        Desktop[] open = [Application(Accounts, "Contabilidade"), Application("0197f000-0000-7000-8000-0000000000e4", "Calculadora")];
        foreach (var one in open) one.MergeFrom(new Desktop { State = DesktopState.SessionActive, SessionId = FakeBroker.Session, MachineName = "secretaria-07" });
        var editor = Application(Editor, "Editor de texto");
        editor.OpensBeside = "Contabilidade, Calculadora";
        _rig.Broker.Desktops = [];
        _rig.Broker.Applications = [.. open, editor];
        var page = await browser.OpenAsync(_rig.Address);
        await SignInAsync(page, "pt-PT");
        var card = page.Locator(".desktop", new() { HasText = "Editor de texto" });
        await Expect(card.GetByText("Abre na mesma sessão, ao lado de: Contabilidade, Calculadora")).ToBeVisibleAsync();
        await Expect(card.GetByRole(AriaRole.Link, new() { Name = "Terminar sessão" })).ToHaveCountAsync(0);
        await Expect(card.GetByRole(AriaRole.Button, new() { Name = "Abrir", Exact = true })).ToBeVisibleAsync();
        await page.Locator(".desktop", new() { HasText = "secretaria-07" }).First.GetByRole(AriaRole.Link, new() { Name = "Terminar sessão" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToContainTextAsync("Contabilidade, Calculadora");
    }

    [Theory]
    [InlineData(1440, "pt-PT")]
    [InlineData(1440, "en-GB")]
    [InlineData(390, "pt-PT")]
    [InlineData(390, "en-GB")]
    public async Task Cards_fit_the_page(int width, string language)
    {
        var own = Application(Accounts, "Contabilidade 2027");
        own.MergeFrom(new Desktop { State = DesktopState.SessionActive, SessionId = FakeBroker.Session, MachineName = "secretaria-07" });
        var desktop = Other(FakeBroker.Ready(), "Contabilidade 2027");
        _rig.Broker.Desktops = [desktop];
        var beside = Application("0197f000-0000-7000-8000-0000000000e4", "Calculadora");
        beside.OpensBeside = "Contabilidade 2027";
        _rig.Broker.Applications = [own, Other(Application(Editor, "Editor de texto"), "Contabilidade 2027"), Application("0197f000-0000-7000-8000-0000000000e3", "Gestão de arquivo"), beside];
        var page = await browser.OpenAsync(_rig.Address, width, 900, language: language);
        await SignInAsync(page, language);
        Assert.Equal(0, await page.EvaluateAsync<int>("() => Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)"));
        Assert.Empty((await page.RunAxe()).Violations.Select(v => v.Id));
        if (Environment.GetEnvironmentVariable("MONTALEGRE_SHOTS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"applications-{language}-{width}.png"), FullPage = true });
    }

    private static Desktop Application(string id, string name) => new() { PoolId = FakeBroker.Pool, ApplicationId = id, Name = name, Description = "Sozinha, sem o ambiente de trabalho.", State = DesktopState.Ready };

    private static Desktop Other(Desktop card, string open)
    {
        card.MergeFrom(new Desktop { State = DesktopState.Unavailable, SessionId = FakeBroker.Session, OpenInstead = open, Reason = new Reason { Code = ReasonCode.OtherProgramOpen } });
        return card;
    }

    internal static async Task SignInAsync(IPage page, string language)
    {
        await page.GotoAsync("/");
        await page.Locator("#user").FillAsync("maria");
        await page.Locator("#password").FillAsync(FakeBroker.Password);
        await page.Locator(".fields .primary").ClickAsync();
        await page.Locator("#desktops").WaitForAsync();
        if (await page.Locator("html").GetAttributeAsync("lang") is { } shown && !language.StartsWith(shown[..2], StringComparison.Ordinal)) await page.Locator("button[name=to]").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = language == "pt-PT" ? "Os meus ambientes de trabalho" : "My desktops" })).ToBeVisibleAsync();
    }
}
