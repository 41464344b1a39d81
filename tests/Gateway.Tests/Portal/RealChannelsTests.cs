using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Montalegre.Vdi.Gateway.Tests.Html5;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>Files, printing, sound and microphone as a person meets them: real Chromium, real worker; xrdp for files, <see cref="ChannelServer"/> for the rest.</summary>
public sealed class RealChannelsTests(WholeBrowser browser, TypingMachine machine) : IClassFixture<WholeBrowser>, IClassFixture<TypingMachine>
{
    private const float Patience = 120_000;
    private static readonly string? Folder = Environment.GetEnvironmentVariable("MONTALEGRE_SHOTS");

    [Theory]
    [InlineData("pt-PT", 1280, "Enviado", "Transferir")]
    [InlineData("en-GB", 390, "Sent", "Download")]
    public async Task File_sent_by_the_button_is_in_the_desktop_and_one_saved_there_is_downloaded(string language, int width, string sent, string folder)
    {
        machine.Require();
        Assert.SkipWhen(!File.Exists("/usr/bin/fusermount3"), "The session mounts its drives by FUSE; install fuse3.");
        await using var door = await RealDoor.OpenAsync(tickets => tickets.NewTicket(machine.Address, machine.CertificateSha256, machine.UserName, machine.Password));
        var desktop = await DesktopPage.OpenAsync(browser, door.Rig, width, 844, touch: width < 700, language: language);
        await Expect(desktop.Cover).ToBeHiddenAsync(new() { Timeout = Patience });
        Assert.True(await Eventually.IsTrueAsync(async () => machine.Sessions().Length > 0 && (await machine.InSessionAsync("ls thinclient_drives/Portal 2>&1 || true")).Contains(folder, StringComparison.Ordinal), TimeSpan.FromSeconds(60)), machine.Logs);
        var content = RandomNumberGenerator.GetBytes(2_500_000);
        await desktop.OpenMenuAsync();
        await desktop.Page.Locator("#upload-files").SetInputFilesAsync(new FilePayload { Name = "ata da reunião.bin", MimeType = "application/octet-stream", Buffer = content });
        await Expect(desktop.Page.Locator("#transfers li")).ToContainTextAsync(sent, new() { Timeout = Patience });
        await desktop.Page.Locator("#transfers").ScrollIntoViewIfNeededAsync();
        await ShotAsync(desktop, $"files-{width}-sent");
        var download = await desktop.Page.RunAndWaitForDownloadAsync(
            () => machine.InSessionAsync($"cp 'thinclient_drives/Portal/ata da reunião.bin' thinclient_drives/Portal/{folder}/cópia.bin"), new() { Timeout = Patience });
        Assert.Equal("cópia.bin", download.SuggestedFilename);
        Assert.Equal(content, await File.ReadAllBytesAsync(await download.PathAsync()));
        await ShotAsync(desktop, $"files-{width}-received");
        Assert.Empty(desktop.Complaints);
        await desktop.Page.Locator("#leave").ClickAsync();
    }

    [Fact]
    public async Task Printed_document_is_announced_and_can_be_saved_as_pdf()
    {
        Assert.SkipWhen(!File.Exists("/usr/bin/gs"), "ghostscript is missing; run the tests by dev.cs, which installs it.");
        var document = Path.GetTempFileName();
        await File.WriteAllTextAsync(document, "%!PS\n%%Title: (Ofício 12)\n/Times-Roman findfont 24 scalefont setfont 72 720 moveto (Montalegre) show showpage\n");
        try
        {
            await using var server = await ChannelServer.StartAsync("print", document);
            await using var door = await RealDoor.OpenAsync(tickets => tickets.NewTicket(server.Address, server.CertificateSha256, "maria", ""));
            var desktop = await DesktopPage.OpenAsync(browser, door.Rig);
            await Expect(desktop.Page.Locator("#news")).ToContainTextAsync("O documento impresso está pronto.", new() { Timeout = Patience });
            await ShotAsync(desktop, "printed-1280");
            var printed = await desktop.Page.RunAndWaitForDownloadAsync(() => desktop.Page.Locator("#news button", new() { HasText = "Guardar" }).ClickAsync());
            Assert.EndsWith(".pdf", printed.SuggestedFilename, StringComparison.Ordinal);
            Assert.Equal("%PDF-"u8.ToArray(), (await File.ReadAllBytesAsync(await printed.PathAsync()))[..5]);
        }
        finally { File.Delete(document); }
    }

    [Fact]
    public async Task Sound_of_the_desktop_is_played_after_the_person_did_something()
    {
        await using var server = await ChannelServer.StartAsync("sound");
        await using var door = await RealDoor.OpenAsync(tickets => tickets.NewTicket(server.Address, server.CertificateSha256, "maria", ""));
        var desktop = await DesktopPage.OpenAsync(browser, door.Rig, before: page => page.AddInitScriptAsync(
            """
            const Real = AudioWorkletNode;
            window.AudioWorkletNode = class extends Real { constructor(...a) { super(...a); const meter = new AnalyserNode(a[0]); this.connect(meter); setInterval(() => { const s = new Float32Array(2048); meter.getFloatTimeDomainData(s); window.loudest = Math.max(window.loudest ?? 0, ...s); }, 20); } };
            """).GetAwaiter().GetResult());
        await Expect(desktop.Page).ToHaveURLAsync(new Regex("/desktop/"));
        // The tone lasts four seconds, and the first picture may take as long: the person does something from the beginning.
        Assert.True(await Eventually.IsTrueAsync(async () =>
        {
            await desktop.Page.Keyboard.PressAsync("a");
            if (await desktop.Cover.IsHiddenAsync()) await desktop.Page.Mouse.ClickAsync(400, 300);
            return await desktop.Page.EvaluateAsync<double>("window.loudest ?? 0") > 0.05;
        }, TimeSpan.FromMinutes(2)), string.Join(' ', desktop.Complaints) + server.Output);
        Assert.Empty(desktop.Complaints);
    }

    [Fact]
    public async Task Microphone_reaches_the_desktop_once_the_person_has_allowed_it()
    {
        var heard = Path.GetTempFileName();
        try
        {
            await using var server = await ChannelServer.StartAsync("microphone", heard);
            await using var door = await RealDoor.OpenAsync(tickets => tickets.NewTicket(server.Address, server.CertificateSha256, "maria", ""));
            var desktop = await DesktopPage.OpenAsync(browser, door.Rig);
            await desktop.Page.Context.GrantPermissionsAsync(["microphone"]);
            await Expect(desktop.Page.Locator("#ask")).ToContainTextAsync("quer usar o microfone", new() { Timeout = Patience });
            await ShotAsync(desktop, "microphone-1280-asked");
            Assert.Equal(0, new FileInfo(heard).Length);
            await desktop.Page.GetByRole(AriaRole.Button, new() { Name = "Permitir o microfone" }).ClickAsync();
            // Two seconds of the fake device's beeps; then the program stops, and so does the mark.
            Assert.True(await Eventually.IsTrueAsync(() => new FileInfo(heard).Length >= 64_000, TimeSpan.FromSeconds(60)), server.Output);
            await Expect(desktop.Page.Locator("#marks")).ToBeEmptyAsync(new() { Timeout = Patience });
            Assert.Contains(await File.ReadAllBytesAsync(heard), b => b != 0);
        }
        finally { File.Delete(heard); }
    }

    private static async Task ShotAsync(DesktopPage desktop, string name)
    {
        if (Folder is not null) await desktop.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Folder, $"{name}.png") });
    }
}
