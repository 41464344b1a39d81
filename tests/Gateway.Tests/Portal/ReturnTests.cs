using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>Who has to sign in again comes back to where they were, and nowhere else.</summary>
public sealed partial class ReturnTests(Browser browser) : IClassFixture<Browser>, IAsyncLifetime
{
    private const string Desktop = "/desktop/" + FakeBroker.Pool;
    private readonly PortalRig _rig = new();

    public ValueTask InitializeAsync() => _rig.InitializeAsync();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Theory]
    [InlineData(1280, 800, false)]
    [InlineData(390, 844, true)]
    public async Task Expired_sign_in_of_a_browser_desktop_leads_back_to_the_desktop(int width, int height, bool touch)
    {
        var desktop = await (await DesktopPage.OpenAsync(browser, _rig, width, height, touch)).ConnectedAsync();
        _rig.Broker.ForgetEveryone();
        await _rig.Desktop.EndAsync(FakeDesktop.SessionEnded);
        await desktop.Page.GetByRole(AriaRole.Button, new() { Name = "Ligar de novo" }).ClickAsync();
        await desktop.Cover.GetByRole(AriaRole.Link, new() { Name = "Iniciar sessão" }).ClickAsync();

        await Expect(desktop.Page.GetByText("A sua sessão no portal terminou.")).ToBeVisibleAsync();
        await desktop.Page.Locator("#user").FillAsync("maria");
        await desktop.Page.Locator("#password").FillAsync("errada");
        await desktop.Page.Locator(".fields .primary").ClickAsync();
        await Expect(desktop.Page.GetByText("SIGN_IN_FAILED")).ToBeVisibleAsync();
        await desktop.Page.Locator("#password").FillAsync(FakeBroker.Password);
        await desktop.Page.Locator(".fields .primary").ClickAsync();

        // Not WaitForURL: it also waits for an event of loading, which may have passed already.
        await Expect(desktop.Page).ToHaveURLAsync(new Regex(Regex.Escape(Desktop) + "$"));
        await desktop.ConnectedAsync();
        Assert.Equal(2, _rig.Desktop.Hellos.Count(h => !h.Resume));
    }

    [Fact]
    public async Task Page_that_was_asked_for_without_a_sign_in_is_shown_after_it()
    {
        using var client = _rig.NewClient();
        var asked = await client.GetAsync(Desktop, Stop);
        var signIn = asked.Headers.Location!.ToString();
        Assert.Equal("/sign-in?return=" + Uri.EscapeDataString(Desktop), signIn);
        var answer = await PortalRig.PostAsync(client, signIn, "/sign-in", ("user", "maria"), ("password", FakeBroker.Password), ("return", ReturnOf(await client.GetStringAsync(signIn, Stop))!));
        Assert.Equal(Desktop, answer.Headers.Location!.ToString());
        Assert.Equal(Desktop, (await client.GetAsync(signIn, Stop)).Headers.Location!.ToString());
    }

    [Theory]
    [InlineData("https://evil.example/")]
    [InlineData("//evil.example/")]
    [InlineData("/\\evil.example/")]
    [InlineData("\\\\evil.example/")]
    [InlineData("javascript:alert(1)")]
    [InlineData("/\t/evil.example/")]
    [InlineData("/a\r\nSet-Cookie: x=y")]
    [InlineData("evil.example")]
    public async Task Sign_in_leads_to_no_other_site(string where)
    {
        using var client = _rig.NewClient();
        var page = "/sign-in?return=" + Uri.EscapeDataString(where);
        Assert.Null(ReturnOf(await client.GetStringAsync(page, Stop)));
        var answer = await PortalRig.PostAsync(client, page, "/sign-in", ("user", "maria"), ("password", FakeBroker.Password), ("return", where));
        Assert.Equal("/", answer.Headers.Location!.ToString());
        Assert.Equal("/", (await client.GetAsync(page, Stop)).Headers.Location!.ToString());
    }

    [Fact]
    public async Task What_a_form_asked_for_is_not_done_by_a_later_sign_in()
    {
        using var client = _rig.NewClient();
        var answer = await PortalRig.PostAsync(client, "/sign-in", "/connect", ("pool", FakeBroker.Pool));
        Assert.Equal("/sign-in", answer.Headers.Location!.ToString());
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static string? ReturnOf(string html) => ReturnField().Match(html) is { Success: true } match ? WebUtility.HtmlDecode(match.Groups[1].Value) : null;

    [GeneratedRegex("name=\"return\" value=\"([^\"]+)\"")]
    private static partial Regex ReturnField();
}
