using Microsoft.Playwright;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>What a person sees when the network goes, the session ends or the portal says no; fake desktop, real Chromium.</summary>
public sealed class InBrowserNetworkTests(Browser browser) : IClassFixture<Browser>, IAsyncLifetime
{
    private readonly PortalRig _rig = new();

    private FakeDesktop Fake => _rig.Desktop;

    public ValueTask InitializeAsync() => _rig.InitializeAsync();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task Network_that_breaks_is_told_honestly_and_the_session_is_back_by_itself()
    {
        var desktop = await (await DesktopPage.OpenAsync(browser, _rig)).ConnectedAsync();
        await desktop.Page.Keyboard.DownAsync("Shift");
        Fake.IsUnreachable = true;
        Fake.Break();
        await Expect(desktop.Cover.GetByText("A sua sessão continua aberta.")).ToBeVisibleAsync();
        Fake.IsUnreachable = false;
        await desktop.ConnectedAsync();
        await Expect(desktop.Page.Locator("#news")).ToContainTextAsync("A ligação voltou.");
        Assert.Equal((true, "resume-1"), Fake.Hellos.Last());
        Assert.Single(_rig.Broker.Launches);

        await desktop.Page.Keyboard.UpAsync("Shift");
        await desktop.Page.Keyboard.PressAsync("b");
        await Fake.NextAsync(0x83, m => m[2] == 0x30);
    }

    [Fact]
    public async Task Server_that_says_nothing_any_more_counts_as_gone_and_a_new_socket_is_opened()
    {
        var desktop = await (await DesktopPage.OpenAsync(browser, _rig, patient: false)).ConnectedAsync();
        Fake.AnswersPings = false;
        Assert.True(await Eventually.IsTrueAsync(() => Fake.Hellos.Count >= 2, TimeSpan.FromSeconds(60)));
        Fake.AnswersPings = true;
        await desktop.ConnectedAsync();
    }

    [Fact]
    public async Task Session_that_ended_is_explained_with_code_and_reference_and_a_way_back()
    {
        var desktop = await (await DesktopPage.OpenAsync(browser, _rig)).ConnectedAsync();
        await Fake.EndAsync(FakeDesktop.SessionEnded);
        await Expect(desktop.Cover.GetByText("Esta sessão já terminou.")).ToBeVisibleAsync();
        await Expect(desktop.Cover.GetByText("SESSION_ENDED")).ToBeVisibleAsync();
        await Expect(desktop.Cover.GetByText("G-1234")).ToBeVisibleAsync();
        await desktop.Page.GetByRole(AriaRole.Button, new() { Name = "Ligar de novo" }).ClickAsync();
        await desktop.ConnectedAsync();
        Assert.Equal(2, Fake.Hellos.Count(h => !h.Resume));
        Assert.Equal(2, _rig.Broker.Launches.Select(l => l.RequestId).Distinct().Count());
    }

    [Fact]
    public async Task Gateway_that_stops_is_left_for_another_without_asking_the_person()
    {
        _rig.Broker.Desktops = [FakeBroker.InSession(DesktopState.SessionActive)];
        var desktop = await (await DesktopPage.OpenAsync(browser, _rig)).ConnectedAsync();
        await Fake.EndAsync((ushort)ReasonCode.GatewayStopping, mayResume: true);
        Assert.True(await Eventually.IsTrueAsync(() => Fake.Hellos.Count >= 2, TimeSpan.FromSeconds(60)));
        await desktop.ConnectedAsync();
    }

    [Fact]
    public async Task Machine_that_broke_off_gives_the_session_back_by_itself_and_never_a_new_one()
    {
        _rig.Broker.Desktops = [FakeBroker.InSession(DesktopState.SessionActive)];
        var desktop = await (await DesktopPage.OpenAsync(browser, _rig)).ConnectedAsync();
        await Fake.EndAsync((ushort)ReasonCode.MachineClosed, mayResume: true);
        Assert.True(await Eventually.IsTrueAsync(() => Fake.Hellos.Count >= 2, TimeSpan.FromSeconds(60)));
        await desktop.ConnectedAsync();
        Assert.All(Fake.Hellos, h => Assert.False(h.Resume));

        _rig.Broker.Desktops = [FakeBroker.Ready()];
        var launches = _rig.Broker.Launches.Count;
        await Fake.EndAsync((ushort)ReasonCode.MachineClosed, mayResume: true);
        await Expect(desktop.Cover.GetByText("SESSION_ENDED")).ToBeVisibleAsync(new() { Timeout = 60_000 });
        Assert.Equal(launches, _rig.Broker.Launches.Count);
    }

    [Fact]
    public async Task Leaving_keeps_the_session_and_says_so()
    {
        var desktop = await (await DesktopPage.OpenAsync(browser, _rig)).ConnectedAsync();
        await desktop.OpenMenuAsync();
        await desktop.Page.Locator("#leave").ClickAsync();
        await Expect(desktop.Cover.GetByText("A sua sessão continua aberta: volte quando quiser")).ToBeVisibleAsync();
        Assert.Equal(0, (await Fake.NextAsync(0x95))[1]);
    }

    [Fact]
    public async Task Refused_launch_shows_its_reason()
    {
        _rig.Broker.Refusal = new Reason { Code = ReasonCode.StorageFull, Reference = "B-41XZ" };
        var desktop = await DesktopPage.OpenAsync(browser, _rig);
        await Expect(desktop.Cover.GetByText("STORAGE_FULL")).ToBeVisibleAsync();
        await Expect(desktop.Cover.GetByText("B-41XZ")).ToBeVisibleAsync();
        Assert.Empty(Fake.Hellos);
    }

    [Fact]
    public async Task Sign_in_that_is_over_while_the_network_was_gone_leads_to_the_sign_in()
    {
        var desktop = await (await DesktopPage.OpenAsync(browser, _rig, patient: false)).ConnectedAsync();
        _rig.Broker.ForgetEveryone();
        Fake.Away = true;
        Fake.Break();
        await Expect(desktop.Cover.GetByText("Inicie sessão de novo; o ambiente de trabalho continua aberto.")).ToBeVisibleAsync(new() { Timeout = 120_000 });
    }

    [Fact]
    public async Task Link_of_another_site_starts_no_machine_by_itself()
    {
        var desktop = await (await DesktopPage.OpenAsync(browser, _rig)).ConnectedAsync();
        var launches = _rig.Broker.Launches.Count;
        var other = await desktop.Page.Context.NewPageAsync();
        await other.RouteAsync("https://elsewhere.example/", route => route.FulfillAsync(new() { ContentType = "text/html", Body = $"<a href='{_rig.Address}desktop/{FakeBroker.Pool}'>x</a>" }));
        await other.GotoAsync("https://elsewhere.example/");
        await other.Locator("a").ClickAsync();
        await Expect(other.GetByText("Prima o botão para abrir o ambiente de trabalho.")).ToBeVisibleAsync();
        Assert.Equal(launches, _rig.Broker.Launches.Count);
        await other.GetByRole(AriaRole.Button, new() { Name = "Abrir neste navegador" }).ClickAsync();
        Assert.True(await Eventually.IsTrueAsync(() => _rig.Broker.Launches.Count == launches + 1, TimeSpan.FromSeconds(60)));
    }
}
