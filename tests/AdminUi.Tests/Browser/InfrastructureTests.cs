using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Tests.Fakes;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>Hosts, images, gateways and existing computers, as an administrator brings them in.</summary>
public sealed class InfrastructureTests(Chromium chromium)
{
    [Fact]
    public async Task A_host_is_tested_then_added_and_a_wrong_field_is_named()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await OpenAsync(console, "/hosts");
        await page.GetByRole(AriaRole.Button, new() { Name = "Acrescentar anfitrião" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Expect(dialog.GetByLabel("Nome", new() { Exact = true })).ToBeFocusedAsync();
        await dialog.GetByLabel("Nome", new() { Exact = true }).FillAsync("casa-3");
        await dialog.GetByLabel("Endereço libvirt (URI)").FillAsync("ftp://casa-3");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Testar ligação" }).ClickAsync();
        await Expect(dialog).ToContainTextAsync("O endereço não é um URI libvirt");
        await dialog.GetByLabel("Endereço libvirt (URI)").FillAsync("qemu+tls://nowhere/system");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Testar ligação" }).ClickAsync();
        await Expect(dialog).ToContainTextAsync("O anfitrião não respondeu.");
        await Expect(dialog).ToContainTextAsync("nowhere:16514");
        await dialog.GetByLabel("Endereço libvirt (URI)").FillAsync("qemu+tls://casa-3/system");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Testar ligação" }).ClickAsync();
        await Expect(dialog).ToContainTextAsync("O anfitrião respondeu: 48 processadores, 384,00 GiB de memória.");
        await dialog.GetByLabel("Pasta das máquinas no anfitrião").FillAsync("/");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Acrescentar anfitrião" }).ClickAsync();
        await Expect(dialog.GetByRole(AriaRole.Alert).First).ToContainTextAsync("Campo «Pasta das máquinas no anfitrião»");
        await dialog.GetByLabel("Pasta das máquinas no anfitrião").FillAsync("/srv/montalegre");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Acrescentar anfitrião" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "casa-3" }).ClickAsync();
        await Expect(page.Locator("h1")).ToHaveTextAsync("casa-3");
        Assert.Contains("add-host casa-3 qemu+tls://casa-3/system", console.World.Calls);
    }

    [Fact]
    public async Task A_host_with_pools_is_not_removed_and_a_drain_says_how_many_machines_it_touches()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await OpenAsync(console, "/hosts/host-1");
        await page.GetByRole(AriaRole.Button, new() { Name = "Retirar anfitrião" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("Em uso por: Balcão único, Urbanismo. Retire-o primeiro");
        await Expect(page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Retirar anfitrião" })).ToBeDisabledAsync();
        await Picture.TakeAsync(page, "host-held");
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Cancelar" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Button, new() { Name = "Não aceitar novas sessões neste anfitrião" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("18 máquinas deixam de ser oferecidas.");
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Não aceitar novas sessões" }).ClickAsync();
        await Expect(page.Locator(".mud-snackbar").Last).ToContainTextAsync("anfitriao-a: Não aceita novas sessões.");
        Assert.Equal(18, console.World.Machines.All.Count(m => m.Draining));
        await Expect(page.Locator("tbody").GetByText("Não aceita novas sessões")).ToHaveCountAsync(18);
        await page.GetByRole(AriaRole.Button, new() { Name = "Voltar a aceitar sessões neste anfitrião" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("18 máquinas voltam a ser oferecidas.");
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Voltar a aceitar sessões" }).ClickAsync();
        await Expect(page.Locator(".states")).ToContainTextAsync("Em serviço");
        Assert.DoesNotContain(console.World.Machines.All, m => m.Draining);
    }

    [Fact]
    public async Task A_lost_host_is_confirmed_to_be_off_after_its_storage_was_shared_and_the_question_says_what_it_touches()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await OpenAsync(console, "/hosts/host-2");
        await Expect(page.Locator(".states")).ToContainTextAsync("Perdido");
        await page.GetByRole(AriaRole.Button, new() { Name = "Armazenamento partilhado" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel("Armazenamento partilhado").FillAsync("san-1");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Guardar armazenamento" }).ClickAsync();
        await Expect(page.Locator("main")).ToContainTextAsync("san-1");
        await page.GetByRole(AriaRole.Button, new() { Name = "Confirmar que está desligado" }).ClickAsync();
        await PictureAsync(page, "host-fence");
        await Expect(dialog).ToContainTextAsync("perde as máquinas quando voltar a responder");
        await Expect(dialog).ToContainTextAsync("arrancam noutro anfitrião, com o disco que têm");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Confirmar que está desligado" }).ClickAsync();
        await Expect(page.Locator(".states")).ToContainTextAsync("Conta como desligado");
        Assert.Contains("fence anfitriao-b", console.World.Calls);
        await PictureAsync(page, "host-off");
    }

    private static async Task PictureAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("MONTALEGRE_SCREENSHOTS") is not { Length: > 0 } folder) return;
        foreach (var width in (int[])[1280, 390])
        {
            await page.SetViewportSizeAsync(width, 844);
            await page.WaitForFunctionAsync("() => document.getAnimations().every(a => a.playState !== 'running')");
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{name}-{width}.png") });
        }
        await page.SetViewportSizeAsync(1280, 844);
    }

    [Fact]
    public async Task An_image_is_published_shows_its_progress_and_is_retired_when_no_pool_uses_it()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await OpenAsync(console, "/images");
        await page.GetByRole(AriaRole.Button, new() { Name = "Publicar versão" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel("Nome", new() { Exact = true }).FillAsync("debian-balcao");
        await Expect(dialog).ToContainTextAsync("Fica como debian-balcao 9 e é copiada para 2 anfitriões.");
        await dialog.GetByLabel("Ficheiro qcow2").FillAsync("/srv/imagens/falta");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Publicar versão" }).ClickAsync();
        await Expect(dialog.GetByRole(AriaRole.Alert).First).ToContainTextAsync("/srv/imagens/falta");
        await dialog.GetByLabel("Ficheiro qcow2").FillAsync("/srv/imagens/balcao.qcow2");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Publicar versão" }).ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);
        var published = console.World.Images.Single(i => i.ImageVersionId == "img-9");
        published.Percent = 70;
        await Expect(page.GetByText("70 % copiados")).ToBeVisibleAsync();
        published.ClearPercent();
        published.State = "ready";
        await page.GotoAsync("/images/img-9");
        await page.GetByRole(AriaRole.Button, new() { Name = "Retirar versão" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Retirar versão" }).ClickAsync();
        await Expect(page.Locator(".states")).ToContainTextAsync("Retirada");
        await page.GotoAsync("/images/img-7");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Retirar versão" })).ToBeDisabledAsync();
        await Expect(page.Locator(".actions")).ToContainTextAsync("Em uso por: Balcão único, Urbanismo.");
    }

    [Fact]
    public async Task A_gateways_join_token_is_shown_once_and_can_be_copied()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await OpenAsync(console, "/gateways");
        await page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await page.GetByRole(AriaRole.Button, new() { Name = "Acrescentar gateway" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel("Nome", new() { Exact = true }).FillAsync("gateway-3");
        await dialog.GetByLabel("Endereço RDP").FillAsync("vdi.cm-montalegre.pt:3389");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Criar código" }).ClickAsync();
        await Expect(dialog.Locator("#secret")).ToHaveValueAsync(FakeWorld.JoinToken);
        await Expect(dialog).ToContainTextAsync("Só é mostrado agora.");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Copiar" }).ClickAsync();
        await Expect(dialog).ToContainTextAsync("Copiado");
        Assert.Equal(FakeWorld.JoinToken, await page.EvaluateAsync<string>("navigator.clipboard.readText()"));
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Fechar" }).ClickAsync();
        await Expect(page.Locator("body")).Not.ToContainTextAsync(FakeWorld.JoinToken);
    }

    [Fact]
    public async Task An_existing_computer_and_a_virtual_machine_come_into_a_manual_pool()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await OpenAsync(console, "/pools/p-man");
        await page.GetByRole(AriaRole.Button, new() { Name = "Acrescentar computador" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel("Nome", new() { Exact = true }).FillAsync("sala 2");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Acrescentar computador" }).ClickAsync();
        await Expect(dialog).ToContainTextAsync("O nome só pode ter letras");
        await dialog.GetByLabel("Nome", new() { Exact = true }).FillAsync("sala-2");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Acrescentar computador" }).ClickAsync();
        await Expect(dialog.Locator("#secret")).ToHaveValueAsync("montalegre-join 1\ntoken " + FakeWorld.JoinToken);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Fechar" }).ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Button, new() { Name = "Adotar máquina virtual" }).ClickAsync();
        // By its role: the text of its label holds the choices too, once they are there.
        await dialog.GetByRole(AriaRole.Combobox, new() { Name = "Máquina virtual", Exact = true }).SelectOptionAsync("7d3c0000-0000-4000-8000-000000000002");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Adotar máquina virtual" }).ClickAsync();
        await Expect(dialog.Locator("#secret")).ToBeVisibleAsync();
        Assert.Contains("add-machine sala-2 p-man", console.World.Calls);
        Assert.Contains("add-machine formacao-3 p-man", console.World.Calls);
    }

    [Fact]
    public async Task A_password_is_reset_when_both_typings_agree_and_a_second_factor_is_taken_away()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await OpenAsync(console, "/users/ana.martins");
        await page.GetByRole(AriaRole.Button, new() { Name = "Mudar palavra-passe" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Expect(dialog).ToContainTextAsync("Pessoa afetada: Ana Martins.");
        await dialog.GetByLabel("Palavra-passe", new() { Exact = true }).FillAsync(FakeWorld.Password);
        await dialog.GetByLabel("Repita a palavra-passe").FillAsync("another one entirely");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Mudar palavra-passe" }).ClickAsync();
        await Expect(dialog).ToContainTextAsync("não são iguais");
        await dialog.GetByLabel("Repita a palavra-passe").FillAsync(FakeWorld.Password);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Mudar palavra-passe" }).ClickAsync();
        await Expect(page.Locator(".mud-snackbar")).ToContainTextAsync("foi mudada");
        Assert.Contains("set-password ana.martins", console.World.Calls);
        await page.GetByRole(AriaRole.Button, new() { Name = "Retirar segundo fator" }).ClickAsync();
        await Expect(dialog).ToContainTextAsync("Retirar o segundo fator de Ana Martins?");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Retirar segundo fator" }).ClickAsync();
        await Expect(page.Locator(".mud-snackbar").Last).ToContainTextAsync("foi retirado");
        Assert.Contains("reset-factors ana.martins", console.World.Calls);
    }

    [Fact]
    public async Task A_pool_says_what_changes_before_it_is_saved_and_refuses_to_go_while_sessions_are_open()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await OpenAsync(console, "/pools/p-balcao");
        await page.GetByRole(AriaRole.Button, new() { Name = "Alterar conjunto" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Expect(dialog.GetByLabel("Nome", new() { Exact = true })).ToBeFocusedAsync();
        await Expect(dialog).ToContainTextAsync("Nada muda.");
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = "Guardar" })).ToBeDisabledAsync();
        await dialog.GetByLabel("Nome", new() { Exact = true }).FillAsync("Balcão central");
        await Expect(dialog).ToContainTextAsync("Os utilizadores passam a ver «Balcão central» no portal.");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Guardar" }).ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);
        Assert.Equal("Balcão central", console.World.Pools.Find("p-balcao")!.Name);
        await page.GetByRole(AriaRole.Button, new() { Name = "Eliminar conjunto" }).ClickAsync();
        await Expect(dialog).ToContainTextAsync("Há 9 sessões abertas: é preciso terminá-las primeiro.");
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = "Eliminar conjunto" })).ToBeDisabledAsync();
    }

    [Fact]
    public async Task Stopping_the_console_with_pages_open_logs_no_error()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await OpenAsync(console, "/");
        var other = await page.Context.NewPageAsync();
        await other.GotoAsync("/gateways");
        await Ready.PageAsync(other);
        await console.StopConsoleAsync();
        // Past the next turn of every timer of an open page.
        await Task.Delay(TimeSpan.FromSeconds(6), TestContext.Current.CancellationToken);
        Assert.Empty(console.Log.Problems);
    }

    private async Task<IPage> OpenAsync(RunningConsole console, string path)
    {
        var page = await chromium.OpenAsync(console, path: path);
        await Ready.PageAsync(page);
        return page;
    }
}
