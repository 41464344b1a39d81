using System.Buffers.Binary;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Rig.Html5;

namespace Montalegre.Vdi.Gateway.Tests.Html5;

/// <summary>Pictures through the clipboard of a real xrdp, which knows Windows bitmaps only; browsers know PNG.</summary>
public sealed class PictureClipboardTests(ListeningMachine machine) : IClassFixture<ListeningMachine>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly string[] Colours = ["#C8102E", "#0A7B3E", "#2266CC", "#FFFFFF"];

    [Fact]
    public async Task Picture_copied_in_the_desktop_arrives_in_the_browser_as_png()
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await DesktopGateway.StartAsync(redeemer);
        await using var browser = await OpenAsync(gateway, redeemer);
        var bmp = await PictureAsync("bmp");
        // A session that has just begun may not watch its clipboard yet.
        Assert.True(await Eventually.IsTrueAsync(async () =>
        {
            if (machine.Sessions().Length == 0) return false;
            await machine.CopyPictureAsync(bmp);
            return await browser.UntilAsync(b => b.Others.Any(o => o[0] == (byte)ServerMessage.ClipboardOffer && (o[1] & (byte)ClipboardFormat.Png) != 0), TimeSpan.FromSeconds(3));
        }, Patience), machine.Logs);
        // A copy that was made once more while it was asked for is asked for again.
        Assert.True(await Eventually.IsTrueAsync(async () =>
        {
            await browser.SendAsync([(byte)BrowserMessage.ClipboardRequest, (byte)ClipboardFormat.Png]);
            return await browser.UntilAsync(b => Png(b) is not null, TimeSpan.FromSeconds(10));
        }, Patience), machine.Logs);
        Assert.Equal(Colours, await ColoursAsync(Png(browser)!));
        await browser.ByeAsync();
    }

    [Fact]
    public async Task Picture_pasted_in_the_browser_arrives_in_the_desktop_as_bitmap()
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await DesktopGateway.StartAsync(redeemer);
        await using var browser = await OpenAsync(gateway, redeemer);
        byte[] message = [(byte)BrowserMessage.ClipboardData, (byte)ClipboardFormat.Png, .. await PictureAsync("png")];
        byte[] pasted = [];
        Assert.True(await Eventually.IsTrueAsync(async () =>
        {
            if (machine.Sessions().Length == 0) return false;
            await browser.SendAsync(message);
            pasted = await machine.PastePictureAsync();
            return pasted.Length > 0;
        }, Patience), machine.Logs);
        BinaryPrimitives.WriteInt32LittleEndian(pasted.AsSpan(2), pasted.Length);       // xrdp always writes the same wrong one
        Assert.Equal(Colours, await ColoursAsync(pasted));
        await browser.ByeAsync();
    }

    private async Task<DesktopClient> OpenAsync(DesktopGateway gateway, FakeRedeemer redeemer)
    {
        var browser = gateway.Browser();
        await browser.ConnectAsync(gateway.Socket, redeemer.NewTicket(machine.Address, machine.CertificateSha256, machine.UserName, machine.Password));
        Assert.True(await browser.UntilAsync(b => b.Welcome is not null || b.Ended is not null), machine.Logs);
        Assert.Null(browser.Ended);
        return browser;
    }

    private static byte[]? Png(DesktopClient browser) =>
        browser.Others.LastOrDefault(o => o[0] == (byte)ServerMessage.ClipboardData && o[1] == (byte)ClipboardFormat.Png) is { } data ? data[2..] : null;

    /// <summary>Four quarters in four colours, 62 x 40.</summary>
    private static Task<byte[]> PictureAsync(string kind) => ConvertedAsync([], kind,
        "(", "-size", "31x20", $"xc:{Colours[0]}", $"xc:{Colours[1]}", "+append", ")", "(", "-size", "31x20", $"xc:{Colours[2]}", $"xc:{Colours[3]}", "+append", ")", "-append");

    private static async Task<string[]> ColoursAsync(byte[] picture)
    {
        var rgb = await ConvertedAsync(picture, "rgb", "IN", "-depth", "8");
        Assert.Equal(62 * 40 * 3, rgb.Length);
        return [.. new[] { (5, 5), (50, 5), (5, 35), (50, 35) }.Select(p => "#" + Convert.ToHexString(rgb.AsSpan(((p.Item2 * 62) + p.Item1) * 3, 3)))];
    }

    private static async Task<byte[]> ConvertedAsync(byte[] input, string kind, params string[] arguments)
    {
        var folder = Directory.CreateTempSubdirectory("picture-test-").FullName;
        try
        {
            var (from, to) = (Path.Combine(folder, "in"), Path.Combine(folder, "out"));
            await File.WriteAllBytesAsync(from, input);
            await OwnProcess.RunAsync("/usr/bin/convert", [.. arguments.Select(a => a == "IN" ? from : a), $"{kind}:{to}"]);
            return await File.ReadAllBytesAsync(to);
        }
        finally { Directory.Delete(folder, recursive: true); }
    }
}
