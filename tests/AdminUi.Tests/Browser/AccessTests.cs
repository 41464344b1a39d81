using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Tests.Fakes;
using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Flows;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>Every page and dialog: accessible, in one language, without error, and no wider than any screen. Pictures of all are kept.</summary>
public sealed class AccessTests(Chromium chromium)
{
    private static readonly string[] Outside = ["/sign-in", "/sign-in/emergency", "/set-up", "/preferences"];

    private static readonly string[] Pages =
    [
        "/", "/alerts", "/tasks", "/tasks/t-2", "/tasks/t-3", "/sessions", "/sessions/s-balcao-1", "/machines", "/machines/m-balcao-1", "/pools", "/pools/p-balcao", "/pools/p-man", "/pools/new", "/users", "/users/ana.martins", "/groups", "/groups/g-1", "/directories", "/roles", "/api-keys", "/sites", "/endpoints", "/hosts", "/hosts/host-1", "/hosts/host-2",
        "/images", "/images/img-7", "/gateways", "/calendars", "/portal", "/settings", "/audit", "/reports", "/reports/logons", "/reports/capacity", "/reports/access", "/reports/incident", "/nowhere",
    ];

    // The first look is the one that is scanned; the others are the same page on other screens and in the other colours.
    private static readonly Dictionary<string, (int Width, int Height, ColorScheme Scheme)[]> Looks = new()
    {
        ["pt-PT"] = [(1440, 900, ColorScheme.Light), (390, 844, ColorScheme.Dark), (320, 700, ColorScheme.Light)],
        ["en-GB"] = [(1440, 900, ColorScheme.Dark), (390, 844, ColorScheme.Light), (320, 700, ColorScheme.Dark)],
    };

    [Theory]
    [InlineData("pt-PT")]
    [InlineData("en-GB")]
    public async Task Every_page_is_accessible_fits_every_screen_and_keeps_to_its_language(string language)
    {
        await using var console = await RunningConsole.StartAsync();
        var (width, height, scheme) = Looks[language][0];
        var page = await chromium.OpenAsync(console, width, height, language, signIn: false, scheme: scheme);
        var foreign = WordsOnlyIn(language == "pt-PT" ? "en-GB" : "pt-PT", language);
        Assert.Contains(language == "pt-PT" ? "Machines" : "Máquinas", foreign);
        List<string> found = [];
        page.Console += (_, message) => { if (message.Type == "error" && !page.Url.EndsWith("/nowhere", StringComparison.Ordinal)) found.Add($"{page.Url}: {message.Text}"); };
        page.PageError += (_, error) => found.Add($"{page.Url}: {error}");
        foreach (var path in Outside)
        {
            await page.GotoAsync(path);
            await LookAsync(page, path, language, foreign, found);
        }
        await LookAtSecondStepAsync(page, console, language, foreign, found);
        await page.GotoAsync("/");
        await Chromium.SignInAsync(page);
        await page.WaitForURLAsync(url => !url.Contains("/sign-in", StringComparison.Ordinal));    // going elsewhere before would break off the form
        await page.GotoAsync("/nowhere");
        foreach (var path in InTurn(Pages))
        {
            await Ready.GoAsync(page, path);
            try { await Ready.PageAsync(page); }
            catch (TimeoutException) { found.Add(path + " is not ready: " + await page.Locator("main").InnerTextAsync()); }
            await LookAsync(page, path, language, foreign, found);
        }
        Assert.Empty(found);
    }

    // Pages of one kind are apart: between two kinds the console goes as a click on a link does, which costs less than loading it anew.
    private static IEnumerable<string> InTurn(IEnumerable<string> paths) =>
        paths.GroupBy(Ready.KindOf).SelectMany(kind => kind.Select((path, at) => (path, at))).OrderBy(p => p.at).Select(p => p.path);

    // In the order in which somebody comes through: the first two need half a sign-in, and the codes are the answer to a form.
    private static async Task LookAtSecondStepAsync(IPage page, RunningConsole console, string language, HashSet<string> foreign, List<string> found)
    {
        console.World.MustEnrol = true;
        await page.GotoAsync("/sign-in");
        await page.Locator("input[name=userName]").FillAsync("rita");
        await page.Locator("input[name=password]").FillAsync(FakeWorld.Password);
        await page.Locator("button.main").ClickAsync();
        await page.Locator("#secret").WaitForAsync();
        foreach (var path in new[] { "/sign-in/app", "/sign-in/code", "/sign-in/code?way=recovery" })
        {
            await page.GotoAsync(path);
            await LookAsync(page, path, language, foreign, found);
        }
        await page.GotoAsync("/sign-in/app");
        await page.Locator("input[name=code]").FillAsync(FakeWorld.Code);
        await page.Locator("button.main").ClickAsync();
        await page.Locator(".codes").WaitForAsync();
        await LookAsync(page, "/sign-in/app/codes", language, foreign, found);
        await page.Context.ClearCookiesAsync(new() { Name = "__Host-montalegre-console" });
        console.World.MustEnrol = false;
    }

    [Theory]
    [InlineData(ColorScheme.Light, "pt-PT")]
    [InlineData(ColorScheme.Dark, "en-GB")]
    public async Task Axe_finds_nothing_in_any_dialog(ColorScheme scheme, string language)
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console, language: language, scheme: scheme);
        var say = new Language(new(language));
        List<string> found = [];
        foreach (var (path, buttons) in new (string, string[])[]
        {
            ("/alerts", [say.AddChannel, say.SilenceOf(say.NameOf(AlertRule.HostLost) + ", anfitriao-b"), say.ChangeOf(say.NameOf(AlertRule.PoolShort))]), ("/sessions/s-balcao-1", [say.LogOff, say.SendMessage]), ("/tasks/t-1", [say.CancelTask]),  ("/pools/p-balcao", [say.EditPool, say.ChangeSize, say.ChangeDevices]),
            ("/pools/p-man", [say.AddMachine, say.Adopt]), ("/users", [say.CreateUser]), ("/users/ana.martins", [say.ResetPassword, say.ResetFactors, say.ErasePerson]), ("/users/hugo.lopes", [say.ErasePerson]),
            ("/groups", [say.CreateGroup]), ("/groups/g-1", [say.ChangeGroup, say.DeleteGroup]), ("/directories", [say.AddDirectory, say.RemoveDirectoryOf("Município"), say.AddProvider, say.ChangeProviderOf("Autenticação da Câmara"), say.RemoveProviderOf("Autenticação da Câmara")]), ("/roles", [say.GiveRole, say.CreateRole]), ("/api-keys", [say.MakeKey]), ("/sites", [say.CreateSite, say.ChangeSiteOf("Biblioteca"), say.DeleteSiteOf("Biblioteca")]), ("/endpoints", [say.CreateEndpoints, say.ChangeEndpointsOf("Balcões"), say.DeleteEndpointsOf("Balcões")]), ("/hosts", [say.AddHost]), ("/hosts/host-2", [say.SiteWord, say.SharedStorage, say.FenceHost]), ("/images", [say.PublishImage, say.ImportImage, say.CaptureImage]), ("/gateways", [say.AddGateway]), ("/calendars", [say.CreateCalendar, say.OfCalendar(say.ImportDays, "Município")]), ("/portal", [say.AddAnnouncement, say.AddLink]),
        })
        {
            await Ready.GoAsync(page, path);
            await Ready.PageAsync(page);
            foreach (var button in buttons)
            {
                await page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();
                var dialog = page.GetByRole(AriaRole.Dialog);
                await Ready.DialogAsync(page);
                await Picture.TakeAsync(page, $"dialog-{language}-{scheme}-{button.Replace('/', '-')}", always: true);
                found.AddRange(await ScanAsync(dialog, $"{path} {button}"));   // the page under it is scanned above
                await page.Keyboard.PressAsync("Escape");
                await Assertions.Expect(dialog).ToHaveCountAsync(0);
            }
        }
        await page.Locator("#find").FocusAsync();
        await page.Locator("#found [role=option]").First.WaitForAsync();
        found.AddRange(await ScanAsync(page.Locator("html"), "palette"));
        Assert.Empty(found);
    }

    /// <summary>Looks at the page as it stands, in every size and both colours; what is wrong is added to <paramref name="found"/>.</summary>
    internal static async Task LookAsync(IPage page, string path, string language, HashSet<string> foreign, List<string> found)
    {
        found.AddRange(await ScanAsync(page.Locator("html"), path));
        found.AddRange((await KeyboardWalk.TextsAsync(page, language)).Where(text => foreign.Contains(text) || (language == "pt-PT" && KeyboardWalk.Brazilian().IsMatch(text))).Select(t => $"{path}: {t}"));
        foreach (var (width, height, scheme) in Looks[language])
        {
            await page.SetViewportSizeAsync(width, height);
            await page.EmulateMediaAsync(new() { ColorScheme = scheme });
            // The smallest phone is for the checks; the pictures are of screens that people have.
            if (width > 320)
            {
                // The page scrolls inside its shell; the picture has all of it.
                if (await page.EvaluateAsync<int>("() => document.querySelector('.shell main')?.scrollHeight ?? 0") is var tall && tall > height - 60) await page.SetViewportSizeAsync(width, Math.Min(tall + 60, 6000));
                await Picture.TakeAsync(page, $"{language}-{width}{path.Replace('/', '-')}", always: true, wholePage: true);
            }
            var overflow = await page.EvaluateAsync<int>("""
                () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(Math.max(0,
                  ...[document.documentElement, document.querySelector("main")].filter(e => e).map(e => e.scrollWidth - e.clientWidth))))))
                """);
            if (overflow > 0) found.Add($"{path} is {overflow} px too wide at {width}");
            // On a phone nobody scrolls a table sideways: its rows are cards there.
            if (width < 480 && await page.EvaluateAsync<string>("() => [...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.getAttribute('aria-label')).join(', ')") is { Length: > 0 } sideways)
                found.Add($"{path} has tables that scroll sideways at {width}: {sideways}");
            if (width is 390 && await page.Locator("table.plain").CountAsync() > 0)
            {
                await Ready.AnsweredAsync(page);     // half of the other colours come from the console
                found.AddRange(await ScanAsync(page.Locator("main"), $"{path} at {width}"));
            }
        }
        await page.SetViewportSizeAsync(Looks[language][0].Width, Looks[language][0].Height);
        await page.EmulateMediaAsync(new() { ColorScheme = Looks[language][0].Scheme });
    }

    // Words that are the same in both languages, or that data of the test carry, say nothing.
    internal static HashSet<string> WordsOnlyIn(string there, string here)
    {
        var (other, own) = (new Language(new(there)), new Language(new(here)));
        var words = typeof(Language).GetProperties().Where(p => p.PropertyType == typeof(string)).Select(p => ((string)p.GetValue(own)!, (string)p.GetValue(other)!)).ToList();
        var known = words.Select(w => w.Item1).ToHashSet(StringComparer.Ordinal);
        return [.. words.Select(w => w.Item2).Where(w => w.Length > 2 && !known.Contains(w))];
    }

    private static async Task<IEnumerable<string>> ScanAsync(ILocator part, string path) => (await Axe.ScanAsync(part)).Select(wrong => $"{path}: {wrong}");
}
