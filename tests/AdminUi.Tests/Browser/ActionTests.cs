using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Tests.Fakes;
using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Contracts.Admin.V1;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

public sealed class ActionTests(Chromium chromium)
{
    // A pool with sessions and a machine in use are refused by the broker: their dialogs say what to do, and offer nothing.
    [Fact]
    public async Task What_is_in_use_is_not_offered_for_deletion_until_nobody_uses_it()
    {
        await using var console = await RunningConsole.StartAsync();
        var (world, say) = (console.World, new Language(new("pt-PT")));
        var page = await chromium.OpenAsync(console, language: "pt-PT");
        var dialog = page.GetByRole(AriaRole.Dialog);
        foreach (var (path, button, held) in new[] { ("/pools/p-balcao", say.DeletePool, say.DeletePoolSessions((int)world.Pools.Find("p-balcao")!.Sessions)), ("/machines/m-balcao-1", say.RemoveMachine, say.RemoveMachineHeld(1)) })
        {
            await page.GotoAsync(path);
            await Ready.PageAsync(page);
            await page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();
            await Expect(dialog).ToContainTextAsync(held);
            await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = button, Exact = true })).ToBeDisabledAsync();
            await dialog.GetByRole(AriaRole.Button, new() { Name = say.Cancel, Exact = true }).ClickAsync();
            await Expect(dialog).ToHaveCountAsync(0);
        }
        var pool = world.Pools.Find("p-balcao")!.Clone();
        pool.Sessions = 0;
        world.Pools.Put(pool);
        foreach (var session in world.Sessions.All.Where(s => s.PoolId == pool.PoolId).ToList()) world.Sessions.Remove(session.SessionId);
        await page.GotoAsync("/pools/p-balcao");
        await Ready.PageAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = say.DeletePool, Exact = true }).ClickAsync();
        await Expect(dialog).ToContainTextAsync(say.DeletePoolSessions(0));
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.DeletePool, Exact = true }).ClickAsync();
        await Expect(page.Locator("h1")).ToHaveTextAsync(say.Pools);
    }

    [Fact]
    public async Task A_button_that_was_off_for_a_moment_keeps_the_focus()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console, path: "/audit");
        await Ready.PageAsync(page);
        // On again as the browser tells that the focus went: what is quick looks the same.
        await page.EvaluateAsync("""
            () => {
              const button = window.quick = document.querySelector("main button");
              button.addEventListener("blur", () => { button.disabled = false; window.lost = true; });
              button.focus();
              button.disabled = true;
            }
            """);
        await page.WaitForFunctionAsync("() => window.lost && document.activeElement === window.quick");
    }

    [Fact]
    public async Task A_dialog_has_the_focus_as_soon_as_it_is_seen_leaves_who_has_gone_on_there_and_gives_it_back_to_the_button()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await OpenAsync(console, "/endpoints");
        var button = page.GetByRole(AriaRole.Button, new() { Name = "Criar grupo de terminais", Exact = true });
        // Before the console can have been told that the dialog is there: who types by then, and who has gone to another field.
        await page.EvaluateAsync("""
            () => new MutationObserver((_, observer) => {
              const dialog = document.querySelector("[role=dialog]");
              if (!dialog) return;
              observer.disconnect();
              window.had = dialog.contains(document.activeElement) ? document.activeElement.tagName : "nothing";
              dialog.querySelector("textarea").focus();
            }).observe(document.body, { childList: true, subtree: true })
            """);
        await button.ClickAsync();
        await Ready.DialogAsync(page);
        Assert.Equal("INPUT", await page.EvaluateAsync<string>("() => window.had"));
        await Expect(page.GetByLabel("Redes", new() { Exact = true })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        await Expect(button).ToBeFocusedAsync();
    }

    [Fact]
    public async Task Log_off_says_whom_it_touches_calls_the_broker_and_says_the_result()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await OpenAsync(console, "/sessions/s-balcao-1");
        var button = page.GetByRole(AriaRole.Button, new() { Name = "Terminar sessão", Exact = true });
        await button.ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Expect(dialog).ToContainTextAsync("A sessão na máquina balcao-1 termina");
        await Expect(dialog).ToContainTextAsync("Pessoa afetada: Ana Martins.");
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = "Cancelar" })).ToBeFocusedAsync();
        await Ready.DialogAsync(page);
        await page.Keyboard.PressAsync("Escape");
        await Expect(dialog).ToHaveCountAsync(0);
        await Expect(button).ToBeFocusedAsync();
        Assert.DoesNotContain(console.World.Calls, c => c.StartsWith("log-off", StringComparison.Ordinal));
        await page.Keyboard.PressAsync("Enter");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Terminar sessão" }).ClickAsync();
        await Expect(page.Locator(".mud-snackbar")).ToContainTextAsync("a sessão de Ana Martins está a terminar");
        Assert.Contains("log-off ana.martins", console.World.Calls);
        await Expect(page.Locator(".states .chip").First).ToHaveTextAsync("Terminada");
    }

    [Fact]
    public async Task Refused_action_shows_the_sentence_of_its_reason()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await OpenAsync(console, "/sessions/s-balcao-2");
        await page.GetByRole(AriaRole.Button, new() { Name = "Terminar sessão", Exact = true }).ClickAsync();
        var ended = console.World.Sessions.Find("s-balcao-2")!;
        ended.State = SessionState.Ended;
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Terminar sessão" }).ClickAsync();
        await Expect(page.Locator(".mud-snackbar")).ToContainTextAsync("Esta sessão já terminou.");
    }

    [Fact]
    public async Task Disconnect_says_that_the_session_stays()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await OpenAsync(console, "/sessions/s-balcao-1");
        await page.GetByRole(AriaRole.Button, new() { Name = "Desligar da sessão (a sessão continua)" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("a sessão continua na máquina balcao-1");
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Desligar" }).ClickAsync();
        await Expect(page.Locator(".mud-snackbar")).ToContainTextAsync("A sessão continua.");
        Assert.Contains("disconnect ana.martins", console.World.Calls);
    }

    [Fact]
    public async Task Message_reaches_the_session()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await OpenAsync(console, "/sessions/s-balcao-1");
        await page.GetByRole(AriaRole.Button, new() { Name = "Enviar mensagem" }).ClickAsync();
        await page.GetByLabel("Texto").FillAsync("Reiniciamos às 18:00.");
        await page.GetByRole(AriaRole.Button, new() { Name = "Enviar", Exact = true }).ClickAsync();
        await Expect(page.Locator(".mud-snackbar")).ToContainTextAsync("A mensagem foi enviada a Ana Martins.");
        Assert.Contains("message 'Reiniciamos às 18:00.' to ana.martins", console.World.Calls);
    }

    [Theory]
    [InlineData("Reiniciar", "restart balcao-1")]
    [InlineData("Repor estado inicial", "refresh balcao-1")]
    [InlineData("Não aceitar novas sessões", "drain balcao-1")]
    public async Task Machine_action_is_asked_first_and_then_done(string name, string call)
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await OpenAsync(console, "/machines/m-balcao-1");
        await page.GetByRole(AriaRole.Button, new() { Name = name }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("balcao-1");
        Assert.DoesNotContain(call, console.World.Calls);
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = name }).ClickAsync();
        await Expect(page.Locator(".mud-snackbar")).ToContainTextAsync("balcao-1");
        Assert.Contains(call, console.World.Calls);
    }

    [Fact]
    public async Task A_pool_is_created_resized_and_entitled()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await OpenAsync(console, "/pools");
        await page.GetByRole(AriaRole.Link, new() { Name = "Criar conjunto" }).ClickAsync();
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Nome", Exact = true }).FillAsync("Tesouraria");
        await Wizard.NextAsync(page, 2);
        await Wizard.NextAsync(page, 3);
        await page.GetByLabel("Número de máquinas").FillAsync("3");
        await page.GetByLabel("Sempre prontas").SelectOptionAsync(new SelectOptionValue { Label = "Um número certo" });
        await page.GetByLabel("Máquinas livres").FillAsync("2");
        await Expect(page.Locator("main")).ToContainTextAsync("Ficam sempre 2 máquinas prontas além das que estão em uso, até 3 ao todo.");
        await Wizard.NextAsync(page, 4);
        await Wizard.NextAsync(page, 5);
        await Wizard.CreateAsync(page);
        await Expect(page.Locator("h1")).ToHaveTextAsync("Tesouraria");
        await Expect(page.GetByText("2 máquinas livres")).ToBeVisibleAsync();
        Assert.Contains("create-pool Tesouraria Floating 3 img-7 host-1", console.World.Calls);
        Assert.Contains("placed Tesouraria 2 Breadth host-1", console.World.Calls);
        await page.GetByRole(AriaRole.Button, new() { Name = "Mudar tamanho" }).ClickAsync();
        await page.GetByLabel("Número de máquinas").FillAsync("5");
        await page.GetByLabel("Sempre prontas").SelectOptionAsync(new SelectOptionValue { Label = "Todas as do conjunto" });
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("Vão ser criadas 2 máquinas.");
        await page.GetByRole(AriaRole.Checkbox, new() { Name = "anfitriao-b" }).CheckAsync();
        await page.GetByLabel("Distribuição").SelectOptionAsync(new SelectOptionValue { Label = "Encher um anfitrião de cada vez" });
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Mudar tamanho" }).ClickAsync();
        await Expect(page.Locator(".mud-snackbar").Last).ToContainTextAsync("passa a ter 5 máquinas");
        Assert.Contains("update-pool Tesouraria size=5 enabled=True", console.World.Calls);
        Assert.Contains("placed Tesouraria  Depth host-1,host-2", console.World.Calls);
        await page.GetByLabel("Pessoa ou grupo", new() { Exact = true }).First.FillAsync("carla.antunes");
        await page.GetByRole(AriaRole.Button, new() { Name = "Dar acesso" }).ClickAsync();
        await Expect(page.Locator("section").Filter(new() { HasText = "Direitos de acesso" }).Locator(".rows")).ToContainTextAsync("Carla Antunes");
        Assert.Contains("entitle carla.antunes", console.World.Calls);
    }

    [Fact]
    public async Task A_user_with_a_weak_password_is_refused_in_the_dialog()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await OpenAsync(console, "/users");
        await page.GetByRole(AriaRole.Button, new() { Name = "Criar utilizador" }).ClickAsync();
        await page.GetByLabel("Nome de utilizador").FillAsync("nuno");
        await page.GetByLabel("Nome completo").FillAsync("Nuno Vaz");
        await page.GetByLabel("Palavra-passe").FillAsync("curta");
        await page.GetByRole(AriaRole.Button, new() { Name = "Criar", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("São precisos pelo menos 12 caracteres.");
        await page.GetByLabel("Palavra-passe").FillAsync(FakeWorld.CommonPassword);
        await page.GetByRole(AriaRole.Button, new() { Name = "Criar", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Alert).First).ToContainTextAsync("demasiado fraca");
        await page.GetByLabel("Palavra-passe").FillAsync(FakeWorld.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Criar", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "nuno", Exact = true })).ToBeVisibleAsync();
    }

    private async Task<IPage> OpenAsync(RunningConsole console, string path)
    {
        var page = await chromium.OpenAsync(console, path: path);
        await Ready.PageAsync(page);
        return page;
    }
}
