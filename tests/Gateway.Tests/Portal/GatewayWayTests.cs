using System.Net;
using System.Text;
using Montalegre.Vdi.Contracts.Common.V1;
using Microsoft.Playwright;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>The launch page where its own address is an RD Gateway too: that way first, the RDP door for who asks for it.</summary>
public sealed class GatewayWayTests(Browser browser) : IClassFixture<Browser>, IAsyncLifetime
{
    private readonly PortalRig _rig = new() { RdGateway = true };

    public ValueTask InitializeAsync() => _rig.InitializeAsync();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task File_and_command_go_through_the_pages_own_address_and_directly_when_asked()
    {
        using var client = await _rig.SignedInAsync();
        var launch = await PortalRig.ConnectAsync(client);

        var lines = await FileAsync(client, launch);
        Assert.Contains($"gatewayhostname:s:localhost:{_rig.Address.Port}", lines);
        Assert.Contains($"gatewayaccesstoken:s:{_rig.Broker.Tickets.Last()}", lines);
        Assert.DoesNotContain(lines, l => l.StartsWith("loadbalanceinfo", StringComparison.Ordinal));

        lines = await FileAsync(client, launch, ("way", "direct"));
        Assert.Contains($"loadbalanceinfo:s:Cookie: msts={_rig.Broker.Tickets.Last()}", lines);
        Assert.DoesNotContain(lines, l => l.StartsWith("gateway", StringComparison.Ordinal));

        var html = await HtmlAsync(await PortalRig.PostAsync(client, launch, $"{launch}/command"));
        Assert.Contains($" /g:localhost:{_rig.Address.Port} /gt:http /gat:{_rig.Broker.Tickets.Last()} ", html, StringComparison.Ordinal);
        html = await HtmlAsync(await PortalRig.PostAsync(client, launch, $"{launch}/command", ("way", "direct")));
        Assert.Contains("xfreerdp /v:rdp.example.pt:3389 ", html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1280)]
    [InlineData(390)]
    public async Task Both_ways_are_offered_without_the_page_growing_wider_than_the_screen(int width)
    {
        var page = await browser.OpenAsync(_rig.Address);
        await page.SetViewportSizeAsync(width, 900);
        await page.GotoAsync("/");
        await page.Locator("#user").FillAsync("maria");
        await page.Locator("#password").FillAsync(FakeBroker.Password);
        await page.Locator(".fields .primary").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Ligar" }).ClickAsync();
        foreach (var name in new[] { "Descarregar ficheiro .rdp", "Descarregar para ligação direta", "Criar comando", "Criar comando direto" })
            await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true })).ToBeVisibleAsync();
        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= window.innerWidth"));
    }

    [Fact]
    public async Task File_offers_what_the_pool_lets_pass()
    {
        var desktop = FakeBroker.Ready();
        desktop.BlockedFeatures.AddRange([DeviceFeature.Drives, DeviceFeature.AudioIn]);
        _rig.Broker.Desktops = [desktop];
        using var client = await _rig.SignedInAsync();
        var lines = await FileAsync(client, await PortalRig.ConnectAsync(client));
        Assert.Contains("drivestoredirect:s:", lines);
        Assert.Contains("audiocapturemode:i:0", lines);
        Assert.Contains("redirectprinters:i:1", lines);
    }

    private static async Task<string[]> FileAsync(HttpClient client, string launch, params (string, string)[] fields)
    {
        var answer = await PortalRig.PostAsync(client, launch, $"{launch}/file", fields);
        return Encoding.Unicode.GetString((await answer.Content.ReadAsByteArrayAsync())[2..]).Split("\r\n");
    }

    private static async Task<string> HtmlAsync(HttpResponseMessage answer) => WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync());
}
