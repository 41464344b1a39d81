using System.Security.Claims;
using Bunit;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.AdminUi.Components;
using Montalegre.Vdi.AdminUi.Hosting;
using Montalegre.Vdi.AdminUi.Live;
using Montalegre.Vdi.AdminUi.Pages.Audit;
using Montalegre.Vdi.AdminUi.Pages.Dashboard;
using Montalegre.Vdi.AdminUi.Pages.Images;
using Montalegre.Vdi.AdminUi.Pages.Infrastructure;
using Montalegre.Vdi.AdminUi.Pages.Pools;
using Montalegre.Vdi.AdminUi.Pages.Pools.Wizard;
using Montalegre.Vdi.AdminUi.Pages.Sessions;
using Montalegre.Vdi.AdminUi.Pages.Users;
using Montalegre.Vdi.AdminUi.SignIn;
using Montalegre.Vdi.AdminUi.Tests.Fakes;
using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Contracts.Admin.V1;
using MudBlazor;
using MudBlazor.Services;

namespace Montalegre.Vdi.AdminUi.Tests;

/// <summary>Pages against a broker on the other end of a real connection, without a browser: what they show and where they lead.</summary>
public sealed class PageTests : BunitContext, IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly TestAuthority _authority = new();
    private readonly FakeBroker _broker;

    public PageTests() => _broker = new(_authority);

    public async ValueTask InitializeAsync()
    {
        FakeData.Fill(_broker.World);
        await _broker.StartAsync();
        JSInterop.Mode = JSRuntimeMode.Loose;
        var options = Options.Create(new ConsoleOptions { BrokerAddress = _broker.Address, BrokerCertificateAuthorityPath = _authority.AuthorityPath, DrawInterval = TimeSpan.FromMilliseconds(100) });
        Services.AddMudServices();
        Services.AddSingleton(TimeProvider.System);
        Services.AddSingleton(new Language(new("pt-PT")));
        Services.AddSingleton(new BrokerChannel(options));
        Services.AddSingleton(new LiveFeeds(TimeProvider.System, options, NullLogger<LiveFeeds>.Instance));
        Services.AddSingleton<Broker>();
        Services.AddScoped<Ask>();
        Services.AddDataProtection().UseEphemeralDataProtectionProvider();
        Services.AddScoped<Microsoft.AspNetCore.Components.Server.ProtectedBrowserStorage.ProtectedSessionStorage>();
        Services.AddScoped<PoolDrafts>();
        var signedIn = _broker.World.Enter("rita");
        Services.GetRequiredService<Broker>().Begin(new(new ClaimsIdentity([new(ClaimTypes.Name, "rita"), new(ConsoleCookies.TokenClaim, signedIn.Token)], "test")));
        _ = Services.GetRequiredService<Broker>().Live;
    }

    [Fact]
    public async Task Audit_page_verifies_the_record_and_names_the_first_bad_batch()
    {
        var page = Render<AuditList>();
        await page.InvokeAsync(() => page.Find(".actions button").ClickAsync(new()));
        await page.WaitForAssertionAsync(() => Assert.Contains("O registo está como foi selado: 120 blocos", page.Find("div[role=status]").TextContent, StringComparison.Ordinal), Patience);
        Assert.Contains(new string('a', 64), page.Markup, StringComparison.Ordinal);

        _broker.World.Verification = new() { Batches = 6, AllBatches = 120, Done = true, Fault = AuditFault.EntryChanged, FaultBatch = 7, FaultEntry = 211 };
        await page.WaitForAssertionAsync(() => Assert.False(page.Find(".actions button").HasAttribute("disabled")), Patience);
        await page.InvokeAsync(() => page.Find(".actions button").ClickAsync(new()));
        await page.WaitForAssertionAsync(() => Assert.Contains("Primeiro bloco errado: 7, registo 211. O registo foi alterado.", page.Find("p[role=alert]").TextContent, StringComparison.Ordinal), Patience);
    }

    [Fact]
    public async Task Dashboard_shows_logon_times_by_phase_and_the_host_that_is_silent()
    {
        var page = Render<Dashboard>();
        await page.WaitForAssertionAsync(() => Assert.NotNull(page.Find("a[href=\"/hosts/host-2\"]")), Patience);
        Assert.Contains("4,07 s", page.Find(".tiles").TextContent, StringComparison.Ordinal);
        Assert.Equal(["Escolha da máquina", "0,04 s", "0,09 s", "214"], page.FindAll("table tbody tr")[0].Children.Select(c => c.TextContent));
        Assert.Contains("6,21 s", page.Find("tr.whole").TextContent, StringComparison.Ordinal);
        await page.WaitForAssertionAsync(() => Assert.Contains("Energia hoje (estimativa)", page.Markup, StringComparison.Ordinal), Patience);
        Assert.Contains("12,4 kWh", page.Markup, StringComparison.Ordinal);
        Assert.Contains("3,07 kWh", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Search_finds_without_accents_and_enter_opens_the_chosen_match()
    {
        var box = Render<FindBox>();
        await box.InvokeAsync(() => box.Find("#find").InputAsync("urb"));
        await box.WaitForAssertionAsync(() => Assert.Equal(6, box.FindAll("[role=option]").Count), Patience);
        await box.InvokeAsync(() => box.Find("#find").InputAsync("ines"));
        await box.WaitForAssertionAsync(() => Assert.Contains("balcao-9", box.Find("[role=option]").TextContent, StringComparison.Ordinal), Patience);
        Assert.Equal("found-0", box.Find("#find").GetAttribute("aria-activedescendant"));
        await box.InvokeAsync(() => box.Find("#find").KeyDownAsync("Enter"));
        Assert.EndsWith("/users/ines.barros", Services.GetRequiredService<Microsoft.AspNetCore.Components.NavigationManager>().Uri, StringComparison.Ordinal);
        Assert.Equal("false", box.Find("#find").GetAttribute("aria-expanded"));
        await box.InvokeAsync(() => box.Find("#find").InputAsync("zzz"));
        Assert.Equal("Nada encontrado.", box.Find("[role=option]").TextContent);
    }

    [Fact]
    public async Task Persons_page_says_why_a_machine_was_given_and_why_none()
    {
        var page = Render<UserPage>(p => p.Add(u => u.Name, "ana.martins"));
        await page.WaitForAssertionAsync(() => Assert.Equal(2, page.FindAll("details.why").Count), Patience);
        var (refused, served) = (page.FindAll("details.why")[0].TextContent, page.FindAll("details.why")[1].TextContent);
        Assert.Contains("Ficou sem máquina.", refused, StringComparison.Ordinal);
        Assert.Contains("Recebeu balcao-01 (anfitriao-1): uma máquina livre do conjunto", served, StringComparison.Ordinal);
        Assert.Contains("Fora: 19 × ocupada (balcao-02, balcao-03, balcao-04, …).", served, StringComparison.Ordinal);
        Assert.Contains("lugar 1, cerca de 41 s, WAITING_FOR_MACHINE", served, StringComparison.Ordinal);
        Assert.Contains("um arranque dura 62 s (mediana); 1 a arrancar; até 4 ao mesmo tempo; 22 de 24 máquinas, 19 ocupadas", served, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Numbers_of_a_pool_are_asked_about_before_they_are_saved()
    {
        var panel = Render<WhatIfPanel>(p => p.Add(w => w.PoolId, "p-balcao").Add(w => w.Size, 21).Add(w => w.Spare, new() { Machines = 2 }));
        await panel.InvokeAsync(() => panel.Find("button").ClickAsync(new()));
        await panel.WaitForAssertionAsync(() => Assert.Contains("Com estes números, 3 de 214 pedidos teriam esperado, o mais longo 95 s.", panel.Find("ul").TextContent, StringComparison.Ordinal), Patience);
        Assert.Contains("Como está hoje, ninguém teria esperado.", panel.Find("ul").TextContent, StringComparison.Ordinal);
        Assert.Contains("Quem: ana.martins.", panel.Find("ul").TextContent, StringComparison.Ordinal);
        Assert.Contains(_broker.World.Calls, c => c.StartsWith("what-if p-balcao 21", StringComparison.Ordinal));
        panel.Render(p => p.Add(w => w.Size, 20));
        Assert.Empty(panel.FindAll("ul"));   // what was said of other numbers is not said of these
    }

    [Fact]
    public async Task Emergency_account_stands_apart_from_people()
    {
        var page = Render<UserList>();
        await page.WaitForAssertionAsync(() => Assert.Contains("break:glass", page.Find("section").TextContent, StringComparison.Ordinal), Patience);
        Assert.Contains("Conta de emergência", page.Find("section h2").TextContent, StringComparison.Ordinal);
        Assert.DoesNotContain("break:glass", page.Find("table").TextContent, StringComparison.Ordinal);
        Assert.Contains("ana.martins", page.Find("table").TextContent, StringComparison.Ordinal);
        Assert.DoesNotContain(await PersonPicker.AllAsync(Services.GetRequiredService<Broker>(), Services.GetRequiredService<Language>(), withGroups: true), who => who.Name == "Break-glass");
    }

    [Fact]
    public async Task Persons_page_changes_with_the_person()
    {
        var page = Render<UserPage>(p => p.Add(u => u.Name, "ana.martins"));
        await page.WaitForAssertionAsync(() => Assert.Equal("Ana Martins", page.Find("h1").TextContent), Patience);
        await page.WaitForAssertionAsync(() => Assert.Contains("Terminar sessão", page.Find(".rows").TextContent, StringComparison.Ordinal), Patience);
        page.Render(p => p.Add(u => u.Name, "bruno.sequeira"));
        await page.WaitForAssertionAsync(() => Assert.Equal("Bruno Sequeira", page.Find("h1").TextContent), Patience);
    }

    [Fact]
    public async Task Persons_page_follows_sessions_that_end_elsewhere()
    {
        var page = Render<UserPage>(p => p.Add(u => u.Name, "ana.martins"));
        await page.WaitForAssertionAsync(() => Assert.Contains("Terminar sessão", page.Find(".rows").TextContent, StringComparison.Ordinal), Patience);
        _broker.World.Sessions.Remove("s-balcao-1");
        await page.WaitForAssertionAsync(() => Assert.DoesNotContain("Terminar sessão", page.Markup, StringComparison.Ordinal), Patience);
    }

    [Fact]
    public async Task Host_and_image_pages_name_what_uses_them()
    {
        var host = Render<HostPage>(p => p.Add(h => h.Id, "host-1"));
        await host.WaitForAssertionAsync(() => Assert.Equal(18, host.FindAll("[aria-label=Máquinas] tbody tr").Count), Patience);
        var image = Render<ImagePage>(p => p.Add(i => i.Id, "img-7"));
        await image.WaitForAssertionAsync(() => Assert.Contains("Em uso por: Balcão único, Urbanismo.", image.Markup, StringComparison.Ordinal), Patience);
        Assert.Contains("<li>Chaves do servidor SSH: 6 ficheiros removidos; cada máquina cria os seus antes de o servidor arrancar</li>", image.Markup, StringComparison.Ordinal);
        Assert.Contains("<li lang=\"en-GB\">Command histories: 2 files removed</li>", image.Markup, StringComparison.Ordinal);     // by an older broker
        var none = Render<HostPage>(p => p.Add(h => h.Id, "host-9"));
        await none.WaitForAssertionAsync(() => Assert.Contains("Este anfitrião não existe.", none.Markup, StringComparison.Ordinal), Patience);
    }

    [Fact]
    public async Task A_step_is_left_only_when_its_fields_are_well()
    {
        var page = Render<PoolWizard>();
        await page.WaitForAssertionAsync(() => Assert.True(Services.GetRequiredService<Broker>().Live.Pools.Heard), Patience);
        await NextAsync(page, "O nome precisa de 1 a 80 caracteres.");
        await TypeAsync(page, "Urbanismo");
        await NextAsync(page, "O nome já existe. Escolha outro.");
        await TypeAsync(page, "Tesouraria");
        await NextAsync(page, "Passo 2 de 5: Imagem-base");
        await page.InvokeAsync(() => page.FindAll("input[type=text]")[^1].InputAsync("VDI"));
        await NextAsync(page, "O padrão começa por letra minúscula");
        await page.InvokeAsync(() => page.FindAll("input[type=text]")[^1].InputAsync("tes-{n:00}"));
        await NextAsync(page, "de tes-01 a tes-02. Ao todo 4 processadores e 4,00 GiB de memória em anfitriao-a.");
        await page.InvokeAsync(() => page.FindAll("input[type=checkbox]")[0].ChangeAsync(false));
        await NextAsync(page, "data-wrong");
        Assert.Contains("Passo 3 de 5", page.Find("#step-title").TextContent, StringComparison.Ordinal);
        await page.InvokeAsync(() => page.FindAll("input[type=checkbox]")[0].ChangeAsync(true));
        await NextAsync(page, "Passo 4 de 5");
        Assert.Equal("step", page.FindAll(".steps li")[3].Children[0].GetAttribute("aria-current"));
        Assert.DoesNotContain(_broker.World.Calls, c => c.StartsWith("create-pool", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_was_made_is_said_and_not_made_again_when_a_right_is_refused()
    {
        var gone = new User { UserName = "nuno.vaz", DisplayName = "Nuno Vaz" };
        var page = AtLastStep("Tesouraria", new(gone, null), new(_broker.World.Users.First(u => u.UserName == "ana.martins"), null));
        await page.WaitForAssertionAsync(() => Assert.Contains("Nuno Vaz passa a ver este ambiente de trabalho no portal.", page.Markup, StringComparison.Ordinal), Patience);
        await PressAsync(page, "Criar conjunto");
        await page.WaitForAssertionAsync(() => Assert.Contains("O conjunto Tesouraria foi criado, mas nem tudo ficou feito.", page.Find("[role=alert]").TextContent, StringComparison.Ordinal), Patience);
        Assert.Equal([true, false, true], page.FindAll(".rows .chip").Select(c => c.TextContent.Contains("Feito", StringComparison.Ordinal)));
        Assert.Contains("O objeto não existe ou foi eliminado.", page.FindAll(".rows li")[1].TextContent, StringComparison.Ordinal);

        _broker.World.Users.Add(gone);
        await PressAsync(page, "Fazer o que falta");
        await page.WaitForAssertionAsync(() => Assert.EndsWith("/pools/pool-Tesouraria", Services.GetRequiredService<Microsoft.AspNetCore.Components.NavigationManager>().Uri, StringComparison.Ordinal), Patience);
        Assert.Equal(["create-pool Tesouraria Floating 2 img-7 host-1", "entitle ana.martins", "entitle nuno.vaz"], _broker.World.Calls.Where(c => c.StartsWith("create-pool", StringComparison.Ordinal) || c.StartsWith("entitle", StringComparison.Ordinal)));
        Assert.False(Services.GetRequiredService<PoolDrafts>().Current.Begun);
    }

    [Fact]
    public async Task A_name_that_the_broker_refuses_leads_back_to_its_field()
    {
        var page = AtLastStep("Urbanismo");
        await page.WaitForAssertionAsync(() => Assert.Contains("por agora ninguém vê este conjunto", page.Markup, StringComparison.Ordinal), Patience);
        await PressAsync(page, "Criar conjunto");
        await page.WaitForAssertionAsync(() => Assert.Contains("Passo 1 de 5", page.Find("#step-title").TextContent, StringComparison.Ordinal), Patience);
        await page.WaitForAssertionAsync(() => Assert.Contains("O nome já existe. Escolha outro.", page.Find("[role=alert]").TextContent, StringComparison.Ordinal), Patience);
        await page.WaitForAssertionAsync(() => Assert.Equal("true", page.Find("input[type=text]").GetAttribute("aria-invalid")), Patience);
        await TypeAsync(page, "Urbanismo 2");
        await NextAsync(page, "Passo 2 de 5");
    }

    [Fact]
    public void An_address_jumps_over_no_step_and_a_manual_pool_needs_no_image()
    {
        var (draft, say) = (new PoolDraft(), new Language(new("pt-PT")));
        Assert.Equal(WizardStep.Kind, draft.Nearest(WizardStep.People, say));
        (draft.Name, draft.Kind) = ("Sala 2", PoolKind.Manual);
        Assert.Equal(WizardStep.Kind, draft.Nearest(WizardStep.People, say));
        Assert.Equal(WizardStep.Size, draft.After(WizardStep.Kind));
        Assert.Equal(WizardStep.Kind, draft.Before(WizardStep.Size));
        draft.Reached(WizardStep.People);
        Assert.Equal(WizardStep.People, draft.Nearest(WizardStep.People, say));
        Assert.Equal(WizardStep.Kind, draft.Nearest(WizardStep.Image, say));
        draft.Kind = PoolKind.Floating;
        Assert.Equal(WizardStep.Image, draft.Nearest(WizardStep.People, say));
        var request = draft.ToRequest();
        Assert.Null(request.Sharing);
        Assert.Equal(LogOffAction.Refresh, request.SessionRules.LogOffAction);
    }

    private IRenderedComponent<PoolWizard> AtLastStep(string name, params IEnumerable<PersonPicker.Subject> people)
    {
        var draft = Services.GetRequiredService<PoolDrafts>().Current;
        (draft.Name, draft.Image) = (name, "img-7");
        draft.Shape.Hosts.Add("host-1");
        draft.People.AddRange(people);
        draft.Reached(WizardStep.People);
        Services.GetRequiredService<Microsoft.AspNetCore.Components.NavigationManager>().NavigateTo("/pools/new?step=5");
        return Render<PoolWizard>();
    }

    private static Task TypeAsync(IRenderedComponent<PoolWizard> page, string name) => page.InvokeAsync(() => page.Find("input[type=text]").InputAsync(name));

    private static async Task NextAsync(IRenderedComponent<PoolWizard> page, string shown)
    {
        await page.WaitForAssertionAsync(() => page.Find("form#wizard"), Patience);
        await page.InvokeAsync(() => page.Find("form#wizard").SubmitAsync());
        await page.WaitForAssertionAsync(() => Assert.Contains(shown, page.Markup, StringComparison.Ordinal), Patience);
    }

    private static Task PressAsync(IRenderedComponent<PoolWizard> page, string button) =>
        page.InvokeAsync(() => page.FindAll("button").Single(b => b.TextContent.Trim() == button).ClickAsync(new()));

    // Found and triggered in one turn of the renderer: between two turns a live page may have drawn the element anew.
    [Fact]
    public async Task A_form_shows_a_secret_once()
    {
        var dialogs = Render<MudDialogProvider>();
        var ask = Services.GetRequiredService<Ask>();
        var manual = _broker.World.Pools.Find("p-man")!;
        var adopted = await dialogs.InvokeAsync(() => Task.FromResult(ask.FormAsync<AdoptDialog, AddManualMachineResponse>(new() { { d => d.Pool, manual } })));
        await dialogs.WaitForAssertionAsync(() => Assert.Equal(2, dialogs.FindAll("select")[1].Children.Length), Patience);
        await dialogs.InvokeAsync(() => dialogs.FindAll("select")[1].ChangeAsync("7d3c0000-0000-4000-8000-000000000002"));
        await dialogs.InvokeAsync(() => dialogs.FindAll("button").Single(b => b.TextContent.Trim() == "Adotar máquina virtual").ClickAsync(new()));
        await dialogs.WaitForAssertionAsync(() => Assert.Contains(FakeWorld.JoinToken, dialogs.Find("#secret").TextContent, StringComparison.Ordinal), Patience);
        await dialogs.InvokeAsync(() => dialogs.FindAll("button").Single(b => b.TextContent.Trim() == "Fechar").ClickAsync(new()));
        Assert.Equal("formacao-3", (await adopted.WaitAsync(Patience, Xunit.TestContext.Current.CancellationToken))!.Machine.Name);
        await dialogs.WaitForAssertionAsync(() => Assert.DoesNotContain(FakeWorld.JoinToken, dialogs.Markup, StringComparison.Ordinal), Patience);
    }

    [Fact]
    public async Task Answer_about_assistances_that_a_newer_one_has_overtaken_is_not_shown()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var late = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var session = _broker.World.Sessions.Find("s-balcao-1")!;
        _broker.World.CasesOnTheWay = () =>
        {
            asked.SetResult();
            return late.Task;
        };
        var panel = Render<AssistancePanel>(p => p.Add(a => a.Session, session));
        await asked.Task.WaitAsync(Patience, Xunit.TestContext.Current.CancellationToken);

        _broker.World.CasesOnTheWay = () => Task.CompletedTask;
        _broker.World.Put(new AssistanceCase { AssistanceId = "a-1", SessionId = session.SessionId, State = AssistanceState.Asked, Administrator = "rita", Reason = "Impressora" });
        panel.Render(p => p.Add(a => a.Session, session.Clone()));
        await panel.WaitForAssertionAsync(() => Assert.Contains("Motivo: Impressora", panel.Markup, StringComparison.Ordinal), Patience);
        var drawn = panel.RenderCount;
        late.SetResult();
        await panel.WaitForAssertionAsync(() => Assert.True(panel.RenderCount > drawn), Patience);
        Assert.Contains("Motivo: Impressora", panel.Markup, StringComparison.Ordinal);
    }

    public new async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _broker.DisposeAsync();
        _authority.Dispose();
    }
}
