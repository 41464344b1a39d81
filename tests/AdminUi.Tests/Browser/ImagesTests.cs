using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Tests.Fakes;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>Golden images from a chosen file or a machine, on their way, and how their copies stand.</summary>
public sealed class ImagesTests(Chromium chromium)
{
    [Fact]
    public async Task A_disk_is_sent_interrupted_and_goes_on_after_a_reload_with_the_same_file_only()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await OpenAsync(console, "/images");
        var disk = new byte[3_000_000];
        new Random(3).NextBytes(disk);
        var file = new FilePayload { Name = "balcao.qcow2", MimeType = "application/octet-stream", Buffer = disk };
        // The first piece is let through; the second stands still once, comes again, and waits until the sending was interrupted.
        var (asked, interrupted) = (new TaskCompletionSource(), new TaskCompletionSource());
        var stoodStill = false;
        await page.RouteAsync("**/images/imports/*/data?offset=524288", async route =>
        {
            if (!stoodStill)
            {
                stoodStill = true;
                await route.FulfillAsync(new() { Status = 408 });
                return;
            }
            asked.TrySetResult();
            await interrupted.Task;
            await route.ContinueAsync();
        });
        await page.GetByRole(AriaRole.Button, new() { Name = "Importar disco" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel("Nome", new() { Exact = true }).FillAsync("debian-balcao");
        await dialog.GetByLabel("Disco (qcow2 ou raw)").SetInputFilesAsync(file);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Começar o envio" }).ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);
        var row = page.Locator(".imports li").Filter(new() { HasText = "balcao.qcow2" });
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        await row.GetByRole(AriaRole.Button, new() { Name = "Interromper" }).ClickAsync();
        await Ready.AnsweredAsync(page);     // the script was told: a piece that is through before would be followed by another
        interrupted.SetResult();
        await Expect(row.Locator("input[type=file]")).ToHaveCountAsync(1);
        await Ready.ThatAsync(() => console.World.Imports.Single().ReceivedBytes >= 2 * 524288, "the second piece has come");
        Assert.Equal(2u * 524288, console.World.Imports.Single().ReceivedBytes);

        await page.ReloadAsync();
        await Ready.PageAsync(page);
        await row.Locator("input[type=file]").SetInputFilesAsync(new FilePayload { Name = "outro.qcow2", MimeType = "application/octet-stream", Buffer = disk });
        await Expect(page.GetByText("Não é o mesmo ficheiro")).ToBeVisibleAsync();
        await row.Locator("input[type=file]").SetInputFilesAsync(file);
        await Expect(row).ToContainTextAsync("A selar · 40 %");

        Assert.Equal(disk, console.World.Sent.ToArray());
        await row.GetByRole(AriaRole.Button, new() { Name = "Cancelar" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Cancelar" }).Last.ClickAsync();
        await Expect(row).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_machine_is_captured_when_it_is_off_and_an_unsealable_disk_asks_before_it_is_published()
    {
        await using var console = await RunningConsole.StartAsync();
        console.World.Imports.Add(new() { ImportId = Guid.NewGuid().ToString(), Name = "windows-11", Source = "win11.qcow2", State = ImportState.Failed, Reason = new() { Code = ReasonCode.ImageNotSealable, Detail = "it has an NTFS file system" } });
        var page = await OpenAsync(console, "/images");
        await page.GetByRole(AriaRole.Button, new() { Name = "Captar máquina" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel("Nome", new() { Exact = true }).FillAsync("modelo");
        await dialog.GetByLabel("Máquina virtual").SelectOptionAsync("7d3c0000-0000-4000-8000-000000000001");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Captar", Exact = true }).ClickAsync();
        await Expect(dialog.GetByRole(AriaRole.Alert).First).ToContainTextAsync("A máquina está ligada");
        await dialog.GetByLabel("Máquina virtual").SelectOptionAsync("7d3c0000-0000-4000-8000-000000000002");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Captar", Exact = true }).ClickAsync();
        await Expect(page.Locator(".imports li").Filter(new() { HasText = "modelo-balcao" })).ToContainTextAsync("A copiar o disco · 12 %");

        var odd = page.Locator(".imports li").Filter(new() { HasText = "win11.qcow2" });
        await PictureAsync(page, "images-on-their-way");
        await odd.GetByRole(AriaRole.Button, new() { Name = "Publicar sem selar" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("ficam em todas as máquinas");
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Publicar sem selar" }).ClickAsync();
        await Expect(odd).ToContainTextAsync("A publicar");
    }

    [Fact]
    public async Task A_version_shows_what_it_is_how_its_copies_stand_and_takes_a_note_and_a_check()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await OpenAsync(console, "/images/img-7");
        await Expect(page.Locator("main")).ToContainTextAsync("Debian GNU/Linux 12 (bookworm)");
        await Expect(page.Locator("main")).ToContainTextAsync("Danificada; a ser reposta · 35 %");
        await Expect(page.Locator("main")).ToContainTextAsync("Chaves do servidor SSH: 6 ficheiros removidos");
        await PictureAsync(page, "image-version");
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Nota" }).FillAsync("Com o novo leitor");
        await page.GetByRole(AriaRole.Button, new() { Name = "Guardar nota" }).ClickAsync();
        await Expect(page.GetByText("A nota foi guardada.")).ToBeVisibleAsync();
        Assert.Equal("Com o novo leitor", console.World.Images.Single(i => i.ImageVersionId == "img-7").Note);
        await page.GetByRole(AriaRole.Button, new() { Name = "Verificar agora" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Verificar agora" })).ToBeDisabledAsync();
    }

    private static async Task PictureAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("MONTALEGRE_SCREENSHOTS") is not { Length: > 0 } folder) return;
        foreach (var width in (int[])[1280, 390])
        {
            await page.SetViewportSizeAsync(width, 900);
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{name}-{width}.png"), FullPage = true });
        }
        await page.SetViewportSizeAsync(1280, 900);
    }

    private async Task<IPage> OpenAsync(RunningConsole console, string path)
    {
        var page = await chromium.OpenAsync(console, path: path);
        await Ready.PageAsync(page);
        return page;
    }
}
