using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Playwright;
using Montalegre.Vdi.Contracts.Common.V1;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>Clipboard, files, printed documents, sound and microphone, and what is said when they are forbidden; fake desktop, real Chromium.</summary>
public sealed class InBrowserTransferTests(WholeBrowser browser) : IClassFixture<WholeBrowser>, IAsyncLifetime
{
    private const int Window = 1024 * 1024;
    private readonly PortalRig _rig = new();

    private FakeDesktop Fake => _rig.Desktop;

    public ValueTask InitializeAsync() => _rig.InitializeAsync();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task Text_goes_both_ways_and_is_in_the_desktop_before_the_key_that_pastes_it()
    {
        var desktop = await (await DesktopPage.OpenAsync(browser, _rig)).ConnectedAsync();
        await Fake.SendAsync(0x07, w => w.Write((byte)1));
        Assert.Equal(1, (await Fake.NextAsync(0x88))[1]);
        await Fake.SendAsync(0x08, w => { w.Write((byte)1); w.Write("do ambiente\nção"u8); });
        Assert.True(await Eventually.IsTrueAsync(async () => await desktop.Page.EvaluateAsync<string>("navigator.clipboard.readText()") == "do ambiente\nção", TimeSpan.FromSeconds(60)));

        await desktop.Page.EvaluateAsync("navigator.clipboard.writeText('deste lado: é')");
        Fake.Forget();
        await desktop.Screen.FocusAsync();
        await desktop.Page.Keyboard.PressAsync("Control+v");
        // In this order: the control, the text, the letter.
        await Fake.NextAsync(0x83, m => m[1] == 0 && m[2] == 0x1D);
        Assert.Equal("\u0001deste lado: é", Encoding.UTF8.GetString((await Fake.NextAsync(0x89)).AsSpan(1)));
        Assert.Equal("+2f -2f -1d", await Fake.KeysAsync(3));
        await Expect(desktop.Screen).ToBeFocusedAsync();
    }

    [Fact]
    public async Task Images_go_both_ways_as_png()
    {
        var desktop = await (await DesktopPage.OpenAsync(browser, _rig)).ConnectedAsync();
        var png = Convert.FromBase64String(await desktop.Page.EvaluateAsync<string>(
            """
            async () => { const c = Object.assign(document.createElement('canvas'), { width: 20, height: 10 }); c.getContext('2d').fillRect(0, 0, 20, 10);
                          const blob = await new Promise(r => c.toBlob(r)); await navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })]); return c.toDataURL().split(',')[1]; }
            """));
        await desktop.OpenMenuAsync();
        await desktop.Page.Locator("#paste-here").ClickAsync();
        var sent = await Fake.NextAsync(0x89);
        Assert.Equal(2, sent[1]);
        Assert.Equal(png.AsSpan(0, 8), sent.AsSpan(2, 8));
        await Expect(desktop.Page.Locator("#news")).ToContainTextAsync("Já pode colar no ambiente de trabalho.");

        await desktop.Page.EvaluateAsync("navigator.clipboard.writeText('')");
        await Fake.SendAsync(0x07, w => w.Write((byte)2));
        Assert.Equal(2, (await Fake.NextAsync(0x88))[1]);
        await Fake.SendAsync(0x08, w => { w.Write((byte)2); w.Write(png); });
        Assert.True(await Eventually.IsTrueAsync(async () => await desktop.Page.EvaluateAsync<string>("(async () => (await navigator.clipboard.read())[0].types.join())()") == "image/png", TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public async Task Upload_stays_a_megabyte_ahead_at_most_and_shows_that_it_is_stored()
    {
        var desktop = await (await DesktopPage.OpenAsync(browser, _rig)).ConnectedAsync();
        var content = RandomNumberGenerator.GetBytes((3 * Window) + 12345);
        await desktop.OpenMenuAsync();
        await desktop.Page.Locator("#upload-files").SetInputFilesAsync(new FilePayload { Name = "relatório.bin", MimeType = "application/octet-stream", Buffer = content });
        var offer = await Fake.NextAsync(0x8A);
        var id = BinaryPrimitives.ReadUInt32LittleEndian(offer.AsSpan(1));
        Assert.True(id >= 0x80000000);
        Assert.Equal((ulong)content.Length, BinaryPrimitives.ReadUInt64LittleEndian(offer.AsSpan(5)));
        Assert.Equal("relatório.bin", Encoding.UTF8.GetString(offer.AsSpan(15)));
        await Fake.SendAsync(0x0A, w => w.Write(id));

        using var got = new MemoryStream();
        while (got.Length < content.Length)
        {
            var ahead = got.Length;
            while (got.Length < Math.Min(content.Length, ahead + Window))
            {
                var chunk = await Fake.NextAsync(0x8B);
                Assert.True(chunk.Length - 5 <= 64 * 1024);
                got.Write(chunk.AsSpan(5));
            }
            if (got.Length < content.Length)
            {
                await Fake.NextAsync(0x91);              // a while later nothing more has come
                Assert.False(Fake.Received(0x8B));
            }
            await Fake.SendAsync(0x0C, w => { w.Write(id); w.Write((ulong)got.Length); });
        }
        await Fake.NextAsync(0x8C);
        Assert.Equal(content, got.ToArray());
        await Fake.SendAsync(0x0D, w => w.Write(id));
        await Expect(desktop.Page.Locator("#transfers li")).ToContainTextAsync("Enviado (3,2 MB)");
    }

    [Fact]
    public async Task Refused_upload_says_why_and_a_cancelled_one_tells_the_other_side()
    {
        var desktop = await (await DesktopPage.OpenAsync(browser, _rig)).ConnectedAsync();
        await desktop.OpenMenuAsync();
        await desktop.Page.Locator("#upload-files").SetInputFilesAsync([
            new FilePayload { Name = "um.txt", MimeType = "text/plain", Buffer = [1] }, new FilePayload { Name = "dois.txt", MimeType = "text/plain", Buffer = [2] }]);
        var first = BinaryPrimitives.ReadUInt32LittleEndian((await Fake.NextAsync(0x8A)).AsSpan(1));
        await Fake.SendAsync(0x0E, w => { w.Write(first); w.Write((ushort)ReasonCode.DiskFull); });
        await Expect(desktop.Page.Locator("#transfers li", new() { HasText = "um.txt" })).ToContainTextAsync("Não foi possível.");
        await desktop.Page.Locator("#transfers li", new() { HasText = "dois.txt" }).GetByRole(AriaRole.Button, new() { Name = "Cancelar" }).ClickAsync();
        Assert.Equal(first + 1, BinaryPrimitives.ReadUInt32LittleEndian((await Fake.NextAsync(0x8F)).AsSpan(1)));
    }

    [Fact]
    public async Task Download_is_saved_under_its_name_and_a_printed_document_can_be_opened()
    {
        var desktop = await (await DesktopPage.OpenAsync(browser, _rig)).ConnectedAsync();
        await OfferAsync(5, 0, "../mapa.txt", 6);
        await Fake.NextAsync(0x8D);
        var download = await desktop.Page.RunAndWaitForDownloadAsync(async () =>
        {
            await Fake.SendAsync(0x0B, w => { w.Write(5u); w.Write("abc"u8); });
            await Fake.SendAsync(0x0B, w => { w.Write(5u); w.Write("def"u8); });
            await Fake.SendAsync(0x0D, w => w.Write(5u));
        });
        Assert.DoesNotContain('/', download.SuggestedFilename);
        Assert.EndsWith("mapa.txt", download.SuggestedFilename, StringComparison.Ordinal);
        Assert.Equal("abcdef", await File.ReadAllTextAsync(await download.PathAsync()));
        Assert.Equal(6ul, BinaryPrimitives.ReadUInt64LittleEndian((await Fake.NextAsync(0x8E, m => m[5] == 6)).AsSpan(5)));

        await OfferAsync(6, 1, "Carta.pdf", ulong.MaxValue);
        await Fake.NextAsync(0x8D);
        await Fake.SendAsync(0x0B, w => { w.Write(6u); w.Write("%PDF-1.4"u8); });
        await Fake.SendAsync(0x0D, w => w.Write(6u));
        await Expect(desktop.Page.Locator("#news")).ToContainTextAsync("O documento impresso está pronto.");
        var printed = await desktop.Page.RunAndWaitForDownloadAsync(() => desktop.Page.Locator("#news button", new() { HasText = "Guardar" }).ClickAsync());
        Assert.Equal("Carta.pdf", printed.SuggestedFilename);
    }

    [Fact]
    public async Task What_the_pool_forbids_is_said_and_never_sent()
    {
        Fake.Allowed = 128;
        var desktop = await (await DesktopPage.OpenAsync(browser, _rig)).ConnectedAsync();
        await desktop.OpenMenuAsync();
        await Expect(desktop.Page.Locator("#paste-here")).ToBeDisabledAsync();
        await Expect(desktop.Page.Locator("#upload")).ToBeDisabledAsync();
        await Expect(desktop.Page.Locator("#clipboard-words")).ToContainTextAsync("Copiar para fora do ambiente de trabalho não é permitido neste conjunto.");
        await Expect(desktop.Page.Locator("#files-words")).ToContainTextAsync("Enviar ficheiros não é permitido neste conjunto.");
        await Fake.SendAsync(0x07, w => w.Write((byte)1));
        await OfferAsync(9, 0, "x.txt", 1);
        await Fake.NextAsync(0x8F);
        await desktop.Page.Locator("#menu-close").ClickAsync();
        await desktop.Page.Keyboard.PressAsync("Control+v");
        Assert.Equal("+1d +2f -2f -1d", await Fake.KeysAsync(4));
        Assert.False(Fake.Received(0x88) || Fake.Received(0x89));
    }

    [Fact]
    public async Task Clipboard_that_the_browser_refuses_is_explained_in_words()
    {
        var desktop = await (await DesktopPage.OpenAsync(browser, _rig)).ConnectedAsync();
        await desktop.Page.EvaluateAsync("() => { navigator.clipboard.read = navigator.clipboard.writeText = () => Promise.reject(new DOMException('no', 'NotAllowedError')); }");
        await desktop.OpenMenuAsync();
        await desktop.Page.Locator("#paste-here").ClickAsync();
        await Expect(desktop.Page.Locator("#news")).ToContainTextAsync("O navegador não deixou usar a área de transferência.");
        await Fake.SendAsync(0x08, w => { w.Write((byte)1); w.Write("x"u8); });
        await Expect(desktop.Page.Locator("#news")).ToContainTextAsync("Use o menu para o trazer para este equipamento.");
        await Expect(desktop.Page.Locator("#copy-here")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Files_are_sent_by_dropping_them_on_the_desktop()
    {
        var desktop = await (await DesktopPage.OpenAsync(browser, _rig)).ConnectedAsync();
        await desktop.Page.EvaluateAsync(
            """
            () => { const data = new DataTransfer(); data.items.add(new File(['olá'], 'nota.txt'));
                    for (const type of ['dragover', 'drop']) document.getElementById('screen').dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: data })); }
            """);
        var offer = await Fake.NextAsync(0x8A);
        Assert.Equal("nota.txt", Encoding.UTF8.GetString(offer.AsSpan(15)));
        Assert.Equal(4ul, BinaryPrimitives.ReadUInt64LittleEndian(offer.AsSpan(5)));
    }

    [Fact]
    public async Task Sound_plays_and_can_be_muted()
    {
        var desktop = await (await DesktopPage.OpenAsync(browser, _rig)).ConnectedAsync();
        await desktop.Screen.ClickAsync();
        await Fake.SendAsync(0x10, w => { w.Write((byte)1); w.Write((byte)0); w.Write((byte)2); w.Write(44100u); });
        for (var i = 0; i < 5; i++) await Fake.SendAsync(0x11, w => { w.Write((byte)1); w.Write(new byte[44100 / 10 * 4]); });
        await desktop.OpenMenuAsync();
        await desktop.Page.Locator("#sound").ClickAsync();
        await Expect(desktop.Page.Locator("#sound")).ToHaveTextAsync("Ligar o som");
        Assert.Empty(desktop.Complaints);
    }

    [Fact]
    public async Task Microphone_is_asked_for_only_when_a_program_wants_it()
    {
        var desktop = await (await DesktopPage.OpenAsync(browser, _rig)).ConnectedAsync();
        await desktop.Page.Context.GrantPermissionsAsync(["microphone"]);
        await Fake.SendAsync(0x12, w => { w.Write((byte)1); w.Write((byte)1); w.Write(16000u); });
        await Expect(desktop.Page.Locator("#ask")).ToContainTextAsync("quer usar o microfone");
        await desktop.Page.GetByRole(AriaRole.Button, new() { Name = "Permitir o microfone" }).ClickAsync();
        var samples = await Fake.NextAsync(0x90);
        Assert.InRange(samples.Length, 101, 32 * 1024);
        await Expect(desktop.Page.Locator("#marks")).ToContainTextAsync("O microfone está ligado");
        await Fake.SendAsync(0x12, w => { w.Write((byte)0); w.Write((byte)1); w.Write(16000u); });
        await Expect(desktop.Page.Locator("#marks")).ToBeEmptyAsync();
    }

    private Task OfferAsync(uint file, byte kind, string name, ulong size) => Fake.SendAsync(0x09, w =>
    {
        w.Write(file);
        w.Write(kind);
        w.Write(size);
        FakeDesktop.Long(w, name);
    });
}
