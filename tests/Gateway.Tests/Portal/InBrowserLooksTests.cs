using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.RegularExpressions;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>How the desktop's page looks, weighs and installs; pictures go to the folder in MONTALEGRE_SHOTS.</summary>
public sealed partial class InBrowserLooksTests(Browser browser) : IClassFixture<Browser>, IAsyncLifetime
{
    private const int Budget = 60 * 1024;
    private static readonly string? Folder = Environment.GetEnvironmentVariable("MONTALEGRE_SHOTS");
    private readonly PortalRig _rig = new();
    private readonly List<string> _wrong = [];

    public ValueTask InitializeAsync() => _rig.InitializeAsync();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Theory]
    [InlineData("pt-PT", 1280, 800, false)]
    [InlineData("pt-PT", 390, 844, true)]
    [InlineData("en", 320, 640, true)]
    [InlineData("en", 3840, 2160, false)]
    public async Task No_state_of_the_page_has_an_accessibility_violation_or_scrolls_sideways(string language, int width, int height, bool touch)
    {
        _rig.Broker.MachineIsReady = FakeBroker.Pending();
        var desktop = await DesktopPage.OpenAsync(browser, _rig, width, height, touch, language);
        var kind = $"desktop-{language}-{width}";
        await Expect(desktop.Page.Locator("#cover-place")).Not.ToBeEmptyAsync();
        await CheckAsync(desktop, kind, "1-waiting");
        _rig.Broker.MachineIsReady.SetResult();
        await desktop.ConnectedAsync();
        var (w, h) = _rig.Desktop.Size;
        await _rig.Desktop.DrawAsync(new DrawnFrame().Solid(w / 8, h / 8, w / 2, h / 2, 250, 250, 250).Solid(w / 8, h / 8, w / 2, 30, 60, 70, 90).Solid(0, h - 40, w, 40, 30, 40, 60));
        await _rig.Desktop.SendAsync(0x13, s => { s.Write((ushort)18); s.Write((byte)25); s.Write((ushort)640); s.Write((byte)1); });
        await desktop.ShowsAsync((w / 8) + 5, (h / 8) + 60, "fafafa");
        await CheckAsync(desktop, kind, "2-connected");
        if (touch)
        {
            await desktop.Page.Locator("#keyboard-button").TapAsync();
            await Expect(desktop.Page.Locator("#keys")).ToBeVisibleAsync();
            await CheckAsync(desktop, kind, "3-keyboard");
            await desktop.Page.Locator("#keyboard-button").TapAsync();
        }
        await desktop.OpenMenuAsync();
        await CheckAsync(desktop, kind, "4-menu");
        await desktop.Page.Locator("#menu-close").ClickAsync();
        await _rig.Desktop.SendAsync(0x14, s => { s.Write((byte)11); FakeDesktop.Long(s, "Rui Costa (informática)"); });
        await Expect(desktop.Page.Locator("#ask")).ToBeVisibleAsync();
        await CheckAsync(desktop, kind, "5-consent");
        await desktop.Page.Locator("#ask-buttons .primary").ClickAsync();
        Assert.Equal(1, (await _rig.Desktop.NextAsync(0x94))[1]);
        await _rig.Desktop.SendAsync(0x14, s => { s.Write((byte)13); FakeDesktop.Long(s, "Rui Costa"); });
        await Expect(desktop.Page.Locator("#marks")).ToContainTextAsync("Rui Costa");
        await CheckAsync(desktop, kind, "6-assistance");
        _rig.Desktop.IsUnreachable = true;
        _rig.Desktop.Break();
        await Expect(desktop.Cover).ToBeVisibleAsync();
        await CheckAsync(desktop, kind, "7-lost");
        _rig.Desktop.IsUnreachable = false;
        await Expect(desktop.Cover).ToBeHiddenAsync();
        await _rig.Desktop.EndAsync(FakeDesktop.SessionEnded);
        await Expect(desktop.Cover).ToBeVisibleAsync();
        await CheckAsync(desktop, kind, "8-ended");
        Assert.DoesNotContain(desktop.Complaints, c => !c.Contains("WebSocket connection to", StringComparison.Ordinal));
        Assert.Empty(_wrong);
    }

    [Fact]
    public async Task Menu_is_walked_by_keyboard_alone_and_gives_the_focus_back()
    {
        var desktop = await (await DesktopPage.OpenAsync(browser, _rig)).ConnectedAsync();
        await desktop.Page.Keyboard.PressAsync("Control+Alt+Home");
        await Expect(desktop.Page.Locator("#menu-close")).ToBeFocusedAsync();
        var reached = new List<string>();
        for (var i = 0; i < 16; i++)
        {
            await desktop.Page.Keyboard.PressAsync("Tab");
            reached.Add(await desktop.Page.EvaluateAsync<string>("document.activeElement.id"));
        }
        foreach (var id in new[] { "leave", "keyboard-toggle", "keys-toggle", "layout", "full-screen", "zoom-in", "size", "paste-here", "upload", "sound" }) Assert.Contains(id, reached);
        await desktop.Page.Keyboard.PressAsync("Escape");
        await Expect(desktop.Screen).ToBeFocusedAsync();
    }

    [Fact]
    public async Task Page_keeps_its_budget_without_the_decoder()
    {
        using var client = await _rig.SignedInAsync();
        client.DefaultRequestHeaders.AcceptEncoding.Add(new StringWithQualityHeaderValue("br"));
        var html = await client.GetStringAsync($"/desktop/{FakeBroker.Pool}", Stop);
        var main = Module().Match(html).Groups[1].Value;
        var total = html.Length;
        var modules = new Queue<string>([main, $"{main[..main.LastIndexOf('/')]}/screen-worker.js"]);
        var seen = new HashSet<string>();
        while (modules.TryDequeue(out var path))
        {
            if (!seen.Add(path)) continue;
            var answer = await client.GetAsync(path, Stop);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal("br", Assert.Single(answer.Content.Headers.ContentEncoding));
            var bytes = await answer.Content.ReadAsByteArrayAsync(Stop);
            if (path.EndsWith("/fzstd.js", StringComparison.Ordinal)) continue;
            total += bytes.Length;
            var folder = path[..path.LastIndexOf('/')];
            foreach (Match import in Import().Matches(await Plain(bytes))) modules.Enqueue($"{folder}/{import.Groups[1].Value}");
        }
        total += (await client.GetByteArrayAsync(Words().Match(html).Groups[1].Value, Stop)).Length;
        foreach (Match css in Sheet().Matches(html)) total += (await client.GetByteArrayAsync(css.Groups[1].Value, Stop)).Length;
        Assert.True(seen.Count > 15, $"only {seen.Count} modules were found");
        Assert.True(total <= Budget, $"{total} bytes, the page may take {Budget}");
    }

    [Fact]
    public async Task Page_allows_its_worker_and_pictures_of_its_own_and_still_no_inline_script()
    {
        using var client = await _rig.SignedInAsync();
        var answer = await client.GetAsync($"/desktop/{FakeBroker.Pool}", Stop);
        var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("script-src 'self';", policy, StringComparison.Ordinal);
        Assert.Contains("worker-src 'self'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Contains("microphone=(self)", Assert.Single(answer.Headers.GetValues("Permissions-Policy")), StringComparison.Ordinal);
        var html = await answer.Content.ReadAsStringAsync(Stop);
        Assert.DoesNotMatch("<script(?![^>]*src=)|style=|onclick=", html);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("/desktop/no-such-pool", Stop)).StatusCode);
    }

    [Fact]
    public async Task Launch_needs_the_form_token_and_a_request_id()
    {
        using var client = await _rig.SignedInAsync();
        using var bare = new FormUrlEncodedContent([new("request", Guid.NewGuid().ToString())]);
        Assert.Equal(HttpStatusCode.Forbidden, (await client.PostAsync($"/desktop/{FakeBroker.Pool}/launch", bare, Stop)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await PortalRig.PostAsync(client, "/", $"/desktop/{FakeBroker.Pool}/launch", ("request", "x"))).StatusCode);
        Assert.Empty(_rig.Broker.Launches);
        var answer = await PortalRig.PostAsync(client, "/", $"/desktop/{FakeBroker.Pool}/launch", ("request", Guid.NewGuid().ToString()));
        Assert.Contains($"\"ticket\":\"{_rig.Broker.Tickets.Single()}\"", await answer.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
        Assert.True(answer.Headers.CacheControl!.NoStore);
    }

    [Fact]
    public async Task Portal_can_be_installed_and_says_honestly_that_there_is_no_network()
    {
        var page = await browser.OpenAsync(_rig.Address);
        await page.GotoAsync("/sign-in");
        await page.EvaluateAsync("navigator.serviceWorker.ready");
        using var manifest = JsonDocument.Parse(await page.EvaluateAsync<string>("fetch(document.querySelector('link[rel=manifest]').href).then(r => r.text())"));
        Assert.Equal("standalone", manifest.RootElement.GetProperty("display").GetString());
        foreach (var icon in manifest.RootElement.GetProperty("icons").EnumerateArray())
            Assert.Equal(200, await page.EvaluateAsync<int>("path => fetch(path).then(r => r.status)", icon.GetProperty("src").GetString()));
        var kept = await page.EvaluateAsync<string[]>("caches.open('montalegre-shell').then(c => c.keys()).then(all => all.map(r => new URL(r.url).pathname))");
        Assert.All(kept, path => Assert.True(path == "/offline" || path.StartsWith("/assets/", StringComparison.Ordinal), path));
        await page.GotoAsync("/sign-in");
        await page.Context.SetOfflineAsync(true);
        await page.GotoAsync("/");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Sem rede" })).ToBeVisibleAsync();
    }

    private async Task CheckAsync(DesktopPage desktop, string kind, string name)
    {
        var page = desktop.Page;
        if (Folder is not null) await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Folder, $"{kind}-{name}.png") });
        var result = await page.RunAxe();
        _wrong.AddRange(result.Violations.Select(v => $"{kind} {name}: {v.Id} {v.Help} {string.Join(" ", v.Nodes.Select(n => n.Html))}"));
        var wide = await page.EvaluateAsync<string>("[document.documentElement, document.getElementById('menu'), document.getElementById('cover')].filter(e => !e.hidden && e.scrollWidth > e.clientWidth).map(e => e.id).join()");
        if (wide.Length > 0) _wrong.Add($"{kind} {name}: {wide} scrolls sideways");
        var small = await page.EvaluateAsync<string>(
            "[...document.querySelectorAll('button, .button, select')].filter(e => e.offsetParent && (e.offsetHeight < 44 || e.offsetWidth < 44)).map(e => e.outerHTML).join('\\n')");
        if (small.Length > 0) _wrong.Add($"{kind} {name}: too small for a finger: {small}");
    }

    private static async Task<string> Plain(byte[] brotli)
    {
        using var stream = new System.IO.Compression.BrotliStream(new MemoryStream(brotli), System.IO.Compression.CompressionMode.Decompress);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(Stop);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [GeneratedRegex("<script type=\"module\" src=\"([^\"]+)\"")]
    private static partial Regex Module();

    [GeneratedRegex("(?:from |URL\\()'\\./([a-z-]+\\.js)'")]
    private static partial Regex Import();

    [GeneratedRegex("data-words=\"([^\"]+)\"")]
    private static partial Regex Words();

    [GeneratedRegex("<link rel=\"stylesheet\" href=\"([^\"]+)\"")]
    private static partial Regex Sheet();
}
