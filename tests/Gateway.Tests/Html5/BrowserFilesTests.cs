using System.Security.Cryptography;
using System.Text;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Protocol.Channels;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Rig.Html5;

namespace Montalegre.Vdi.Gateway.Tests.Html5;

/// <summary>Files both ways through a real xrdp, whose session mounts the drive by FUSE; only the browser is a program of ours.</summary>
public sealed class BrowserFilesTests(TypingMachine machine) : IClassFixture<TypingMachine>
{
    private const string Drive = "thinclient_drives/Portal";
    private const string Out = $"{Drive}/Transferir";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Uploaded_file_is_in_the_desktops_drive_and_one_put_into_its_folder_comes_to_the_browser()
    {
        await using var stage = await OpenAsync();
        var browser = stage.Browser;
        var content = RandomNumberGenerator.GetBytes((3 * 1024 * 1024) + 12345);

        Assert.Null(await browser.UploadAsync(1, "relatório.bin", content));
        await IsThereAsync("relatório.bin");
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content)), (await machine.InSessionAsync($"sha256sum {Drive}/relatório.bin"))[..64]);
        // The same name again takes another one; nothing is overwritten.
        Assert.Null(await browser.UploadAsync(2, "relatório.bin", [1, 2, 3]));
        await IsThereAsync("relatório (2).bin");

        await machine.InSessionAsync($"cp {Drive}/relatório.bin '{Out}/de volta.bin'");
        Assert.Equal(content, await browser.DownloadAsync(n => n == "de volta.bin"));
        // What the browser has leaves the folder; xrdp lists a name that it once saw until somebody looks at the file.
        Assert.True(await Eventually.IsTrueAsync(async () => (await machine.InSessionAsync($"test -e '{Out}/de volta.bin' && echo there || true")).Trim().Length == 0, Patience));
        Assert.Equal("1 2 3", string.Join(' ', (await machine.InSessionAsync($"od -An -tu1 {Drive}/'relatório (2).bin'")).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));
        await browser.ByeAsync();
    }

    [Fact]
    public async Task Document_saved_by_a_program_in_the_desktop_survives_the_network_dropping_on_its_way()
    {
        await using var stage = await OpenAsync();
        var token = stage.Browser.Welcome!.ResumeToken;
        stage.Browser.Cut();
        await machine.InSessionAsync($"seq 1 200000 > '{Out}/contas.csv'");
        await using var back = stage.Gateway.Browser();
        await back.ConnectAsync(stage.Gateway.Socket, token, isResume: true);
        var content = Encoding.ASCII.GetString(await back.DownloadAsync(n => n == "contas.csv"));
        Assert.Equal(string.Concat(Enumerable.Range(1, 200_000).Select(i => $"{i}\n")), content);
        await back.ByeAsync();
    }

    [Fact]
    public async Task Pool_without_drives_shows_the_desktop_none_and_refuses_the_browser()
    {
        await using var stage = await OpenAsync(new ChannelPolicy { Drives = false });
        Assert.Equal(Allowed.None, stage.Browser.Welcome!.Allowed & (Allowed.Upload | Allowed.Download));
        Assert.Equal(ReasonCode.FilesBlocked, (ReasonCode)(await stage.Browser.UploadAsync(1, "a.txt", [1]) ?? 0));
        // The drive of an earlier test's browser goes a moment after that one.
        await Eventually.IsTrueAsync(async () => !await ShowsDriveAsync(), Patience);
        Assert.False(await ShowsDriveAsync());
        await stage.Browser.ByeAsync();
    }

    [Fact]
    public async Task File_over_the_gateways_limit_is_refused_with_its_reason_before_a_byte_is_sent()
    {
        await using var stage = await OpenAsync(null, ("Gateway:Html5:DriveSize", "4"), ("Gateway:Html5:LargestFile", "1"));
        Assert.Equal(ReasonCode.FileTooLarge, (ReasonCode)(await stage.Browser.UploadAsync(1, "grande.iso", [], (1024 * 1024) + 1) ?? 0));
        // The desktop's programs are told by the file system itself, in xrdp's one word for every failure.
        Assert.Contains("Input/output error", await machine.InSessionAsync($"dd if=/dev/zero of={Drive}/cheia bs=1M count=6 2>&1 || true"), StringComparison.Ordinal);
        await stage.Browser.ByeAsync();
    }

    private async Task IsThereAsync(string name) =>
        Assert.True(await Eventually.IsTrueAsync(async () => (await machine.InSessionAsync($"ls {Drive} || true")).Contains(name, StringComparison.Ordinal), Patience), $"{await machine.InSessionAsync($"ls -la ~/thinclient_drives {Drive} 2>&1 || true")}\n{machine.Logs}");

    private async Task<bool> ShowsDriveAsync() => (await machine.InSessionAsync("ls thinclient_drives 2>&1 || true")).Contains("Portal", StringComparison.Ordinal);

    private async Task<string> DriveLogAsync() => await machine.InSessionAsync("ls -la ~ ~/thinclient_drives 2>&1; tail -n 80 ~/.local/share/xrdp/*chansrv*.log 2>&1; mount 2>&1 | grep fuse; true");

    private async Task<Stage> OpenAsync(ChannelPolicy? policy = null, params (string Key, string Value)[] settings)
    {
        machine.Require();
        Assert.SkipWhen(!File.Exists("/dev/fuse") || !File.Exists("/usr/bin/fusermount3"), "The session mounts its drives by FUSE; install fuse3.");
        var redeemer = new FakeRedeemer { Policy = policy ?? ChannelPolicy.Everything };
        var gateway = await DesktopGateway.StartAsync(redeemer, settings);
        var browser = gateway.Browser();
        await browser.ConnectAsync(gateway.Socket, redeemer.NewTicket(machine.Address, machine.CertificateSha256, machine.UserName, machine.Password));
        Assert.True(await browser.UntilAsync(b => b.Frames > 0 || b.Ended is not null), string.Join('\n', gateway.Log.Lines.Select(l => l.Text)) + machine.Logs);
        Assert.Null(browser.Ended);
        Assert.True(await Eventually.IsTrueAsync(() => machine.Sessions().Length > 0, Patience), machine.Logs);
        if (browser.Welcome!.Allowed.HasFlag(Allowed.Upload))
            // Its folder is told by the browser's own worker: the drive's name alone may be left from an earlier one.
            Assert.True(await Eventually.IsTrueAsync(async () => (await machine.InSessionAsync($"ls {Drive} 2>&1 || true")).Contains("Transferir", StringComparison.Ordinal), Patience), await DriveLogAsync());
        return new Stage(gateway, browser);
    }

    private sealed record Stage(DesktopGateway Gateway, DesktopClient Browser) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Browser.DisposeAsync();
            await Gateway.DisposeAsync();
        }
    }
}
