using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Assistance;
using Montalegre.Vdi.Gateway.Relay;
using Montalegre.Vdi.Gateway.Tests.Html5;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>Two real browsers at one desktop of a real xrdp: the person who is asked and sees the mark, and the administrator who looks.</summary>
public sealed class RealAssistanceTests(Browser browser, TypingMachine machine) : IClassFixture<Browser>, IClassFixture<TypingMachine>, IAsyncLifetime
{
    private const string Blue = "2266cc", Green = "00cd00", Red = "cd0000";
    private static readonly string? Folder = Environment.GetEnvironmentVariable("MONTALEGRE_SHOTS");
    private RealDoor _door = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        machine.Require();
        _door = await RealDoor.OpenAsync(tickets => tickets.NewTicket(machine.Address, machine.CertificateSha256, machine.UserName, machine.Password));
    }

    public async ValueTask DisposeAsync()
    {
        if (_door is not null) await _door.DisposeAsync();
    }

    [Theory]
    [InlineData(1280, 800, "pt-PT")]
    [InlineData(390, 844, "en")]
    public async Task Person_allows_it_sees_who_is_there_and_ends_it_and_the_administrator_sees_types_and_hears_of_the_end(int width, int height, string language)
    {
        var person = await DesktopPage.OpenAsync(browser, _door.Rig, width, height, touch: width < 500, language: language);
        await SeesAsync(person, Blue, Green, Red);
        var id = Guid.NewGuid().ToString();
        await TellAsync(id, AssistanceStep.Asked);
        var ask = person.Page.Locator("#ask");
        await Expect(ask).ToContainTextAsync("Rosa Dias");
        await Expect(ask).ToContainTextAsync("Impressora não responde");
        await ShotAsync(person.Page, $"{width}-1-asked");
        await person.Page.Locator("#ask-buttons .primary").ClickAsync();
        Assert.Equal(new AssistanceNews.Answered(id, true), await NewsAsync());
        await TellAsync(id, AssistanceStep.Granted);
        await Expect(ask).ToBeHiddenAsync();

        var (page, complaints) = await AdministratorAsync(id, width, height, language);
        var admin = new DesktopPage(page);
        await SeesAsync(admin, Blue, Green, Red);
        var mark = person.Page.Locator("#mark-assist");
        await Expect(mark).ToContainTextAsync("Rosa Dias");
        Assert.DoesNotContain("ticket", await page.Locator("body").EvaluateAsync<string>("b => Object.keys(b.dataset).join()"), StringComparison.Ordinal);
        Assert.EndsWith("/assist", page.Url, StringComparison.Ordinal);

        // A phone's keyboard and the bar of keys, which a keyboard on a desk can have too.
        if (width >= 500) await page.Locator("#keys-toggle").ClickAsync();
        await Expect(page.Locator("#keys")).ToBeVisibleAsync(new() { Visible = width >= 500 });
        if (width < 500)
        {
            await page.Locator("#keyboard-button").TapAsync();
            await Expect(page.Locator("#keys")).ToBeVisibleAsync();
            await Expect(page.Locator("#typing")).ToBeFocusedAsync();
        }
        await TypeUntilAsync(admin, "g", Green);
        await SeesAsync(person, Green);
        await TypeUntilAsync(admin, "x", Red);
        await SeesAsync(person, Red);
        // Each sees where the other one points.
        await page.Mouse.MoveAsync(width / 2, height / 2);
        await Expect(person.Page.Locator("#other-pointer")).ToBeVisibleAsync();
        await ShotAsync(person.Page, $"{width}-2-mark");
        await ShotAsync(page, $"{width}-3-administrator");
        Assert.Equal(0, await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth"));

        await mark.GetByRole(AriaRole.Button).ClickAsync();
        Assert.Equal(new AssistanceNews.Over(id, AssistanceEnd.Person), await NewsAsync());
        await Expect(mark).ToHaveCountAsync(0);
        await Expect(person.Page.Locator("#other-pointer")).ToBeHiddenAsync();
        await Expect(page.Locator("#cover-sentence")).ToContainTextAsync(language == "en" ? "The person ended the assistance." : "A pessoa terminou a assistência.");
        await ShotAsync(page, $"{width}-4-over");
        await SeesAsync(person, Red);
        Assert.Empty(person.Complaints);
        Assert.Empty(complaints);
    }

    [Fact]
    public async Task Administrator_who_only_looks_is_shown_so_and_ends_it_by_the_pages_own_button()
    {
        var person = await DesktopPage.OpenAsync(browser, _door.Rig);
        await SeesAsync(person, Blue, Green, Red);
        var id = Guid.NewGuid().ToString();
        await TellAsync(id, AssistanceStep.Asked, control: false);
        await person.Page.Locator("#ask-buttons .primary").ClickAsync();
        Assert.Equal(new AssistanceNews.Answered(id, true), await NewsAsync());

        var (page, _) = await AdministratorAsync(id, 1280, 800, "pt-PT", control: false);
        await Expect(page.Locator("#assist-mode")).ToHaveTextAsync("Só ver");
        await Expect(page.Locator("#keys-toggle")).ToBeHiddenAsync();
        await SeesAsync(new DesktopPage(page), Blue, Green, Red);
        await page.Locator("#assist-end").ClickAsync();
        Assert.Equal(new AssistanceNews.Over(id, AssistanceEnd.Administrator), await NewsAsync());
        await Expect(person.Page.Locator("#mark-assist")).ToHaveCountAsync(0);
        await Expect(person.Page.Locator("#news")).ToContainTextAsync("A assistência terminou.");
        await Expect(page.Locator("#cover-sentence")).ToContainTextAsync("A assistência terminou.");
    }

    [Fact]
    public async Task Question_that_is_taken_back_leaves_the_screen_and_no_is_the_answer_of_the_escape_key()
    {
        var person = await DesktopPage.OpenAsync(browser, _door.Rig);
        await SeesAsync(person, Blue, Green, Red);
        var id = Guid.NewGuid().ToString();
        await TellAsync(id, AssistanceStep.Asked);
        await Expect(person.Page.Locator("#ask")).ToBeVisibleAsync();
        await TellAsync(id, AssistanceStep.Over);
        await Expect(person.Page.Locator("#ask")).ToBeHiddenAsync();
        await Expect(person.Page.Locator("#news")).ToContainTextAsync("já não está à espera de resposta");

        var next = Guid.NewGuid().ToString();
        await TellAsync(next, AssistanceStep.Asked);
        await Expect(person.Page.Locator("#ask-buttons button").Last).ToBeFocusedAsync();
        await person.Page.Keyboard.PressAsync("Escape");
        Assert.Equal(new AssistanceNews.Answered(next, false), await NewsAsync());
    }

    [Fact]
    public async Task Page_takes_a_ticket_from_the_consoles_form_only_and_its_policy_allows_no_inline_script()
    {
        using var client = _door.Rig.NewClient();
        using var ticket = new FormUrlEncodedContent([new("ticket", new string('A', 43))]);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/assist") { Content = ticket, Headers = { { "Sec-Fetch-Site", "cross-site" }, { "Origin", "null" } } };
        using var shown = await client.SendAsync(request, Ct);
        Assert.Equal(HttpStatusCode.OK, shown.StatusCode);
        Assert.Contains("script-src 'self'", shown.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.True(shown.Headers.CacheControl?.NoStore);

        using var nonsense = new FormUrlEncodedContent([new("ticket", "<script>")]);
        Assert.Equal(HttpStatusCode.BadRequest, (await client.PostAsync("/assist", nonsense, Ct)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await client.GetAsync("/assist", Ct)).StatusCode);
        using var elsewhere = new HttpRequestMessage(HttpMethod.Post, "/sign-in") { Content = new FormUrlEncodedContent([]), Headers = { { "Sec-Fetch-Site", "cross-site" } } };
        Assert.Equal(HttpStatusCode.Forbidden, (await client.SendAsync(elsewhere, Ct)).StatusCode);
    }

    /// <summary>The desktop counts as open a moment after its browser was told.</summary>
    private async Task<string> ConnectionAsync()
    {
        var open = _door.Rig.Services.GetRequiredService<OpenConnections>();
        Assert.True(await Eventually.IsTrueAsync(() => open.Count == 1, TimeSpan.FromSeconds(60)), $"{open.Count} desktops are open.");
        return open.All.Single().ConnectionId;
    }

    private async Task TellAsync(string id, AssistanceStep step, bool control = true) => await _door.Rig.Services.GetRequiredService<AssistanceDesk>().ApplyAsync(new()
    {
        Changes = new() { Orders = { new AssistanceOrder { AssistanceId = id, ConnectionId = await ConnectionAsync(), Step = step, Control = control, Who = "Rosa Dias", Why = "Impressora não responde" } } },
    });

    private async Task<AssistanceNews> NewsAsync() => await _door.Rig.Services.GetRequiredService<AssistanceReports>().Waiting.ReadAsync(Ct).AsTask().WaitAsync(TimeSpan.FromMinutes(1), Ct);

    /// <summary>The administrator's browser, as the console's form sends it on: from another site, without any sign-in here.</summary>
    private async Task<(IPage Page, ConcurrentQueue<string> Complaints)> AdministratorAsync(string id, int width, int height, string language, bool control = true)
    {
        var ticket = _door.Assistances.NewTicket(new() { AssistanceId = id, ConnectionId = await ConnectionAsync(), Control = control, Who = "Rosa Dias", Desktop = "balcao-01" });
        var page = await browser.OpenAsync(_door.Rig.Address, width, height, touch: width < 500, language: language);
        ConcurrentQueue<string> complaints = new();
        page.Console += (_, message) => { if (message.Type is "error" or "warning") complaints.Enqueue(message.Text); };
        page.PageError += (_, error) => complaints.Enqueue(error);
        await page.SetContentAsync($"<form method='post' action='{_door.Rig.Address}assist'><input name='ticket' value='{ticket}'><input name='language' value='{language}'><button>open</button></form>");
        await page.Locator("button").ClickAsync();
        Assert.True(await Eventually.IsTrueAsync(async () => await page.Locator("#assist-bar").IsVisibleAsync(), TimeSpan.FromSeconds(60)),
            $"{page.Url}: {await page.Locator("body").InnerTextAsync()} {string.Join(' ', complaints)}\n{string.Join('\n', _door.Rig.Log.Where(l => l.Contains("assist", StringComparison.OrdinalIgnoreCase) || l.StartsWith("Warning", StringComparison.Ordinal) || l.StartsWith("Error", StringComparison.Ordinal)).TakeLast(40))}");
        return (page, complaints);
    }

    private async Task SeesAsync(DesktopPage desktop, params string[] any)
    {
        var seen = "";
        Assert.True(await Eventually.IsTrueAsync(async () => Array.IndexOf(any, seen = await desktop.MiddleAsync()) >= 0, TimeSpan.FromSeconds(120)),
            $"The middle is {seen}. {string.Join(' ', desktop.Complaints)}\n{string.Join('\n', _door.Rig.Log.Where(l => l.Contains("Montalegre", StringComparison.Ordinal)).TakeLast(30))}\n{machine.Logs}");
    }

    /// <summary>Types until it is seen: a terminal that has just started may miss a first key.</summary>
    private async Task TypeUntilAsync(DesktopPage desktop, string key, string colour)
    {
        var seen = "";
        for (var attempt = 0; attempt < 40; attempt++)
        {
            if (await desktop.Page.Locator("#keyboard-button[aria-pressed=true]").CountAsync() > 0) await desktop.Page.Keyboard.InsertTextAsync(key);
            else
            {
                await desktop.Page.Locator("#screen").FocusAsync();
                await desktop.Page.Keyboard.PressAsync(key);
            }
            if (await Eventually.IsTrueAsync(async () => (seen = await desktop.MiddleAsync()) == colour, TimeSpan.FromSeconds(3))) return;
        }
        Assert.Fail($"After {key} the middle is {seen}, not {colour}. {machine.Logs}");
    }

    private static async Task ShotAsync(IPage page, string name)
    {
        if (Folder is not null) await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Folder, $"assist-{name}.png") });
    }
}
