using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Protocol.Channels;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Rig.Html5;

namespace Montalegre.Vdi.Gateway.Tests.Html5;

/// <summary>A browser whose desktop is on a server of libfreerdp's own channels.</summary>
internal sealed record ChannelStage(ChannelServer Server, DesktopGateway Gateway, DesktopClient Browser) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public string Said => $"{Server.Output}\n{string.Join('\n', Gateway.Log.Lines.Select(l => l.Text))}\n{Browser.Ended}";

    /// <inheritdoc cref="ChannelServer.StartAsync"/>
    public static async Task<ChannelStage> OpenAsync(string mode, string? document = null, ChannelPolicy? policy = null, BrowserCapabilities capabilities = BrowserCapabilities.Zstd)
    {
        var server = await ChannelServer.StartAsync(mode, document);
        var redeemer = new FakeRedeemer { Policy = policy ?? ChannelPolicy.Everything };
        var gateway = await DesktopGateway.StartAsync(redeemer);
        var browser = gateway.Browser();
        var stage = new ChannelStage(server, gateway, browser);
        await browser.ConnectAsync(gateway.Socket, redeemer.NewTicket(server.Address, server.CertificateSha256, "maria", ""), capabilities: capabilities);
        Assert.True(await browser.UntilAsync(b => b.Welcome is not null || b.Ended is not null, Patience), stage.Said);
        Assert.True(browser.Ended is null, stage.Said);
        return stage;
    }

    public async ValueTask DisposeAsync()
    {
        await Browser.DisposeAsync();
        await Gateway.DisposeAsync();
        await Server.DisposeAsync();
    }
}
