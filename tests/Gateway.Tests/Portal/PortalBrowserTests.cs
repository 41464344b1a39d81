using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Deque.AxeCore.Playwright;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Playwright;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>The portal in a real Chromium, with script and without.</summary>
public sealed class PortalBrowserTests(Browser browser) : IClassFixture<Browser>, IAsyncLifetime
{
    private readonly PortalRig _rig = new();

    public ValueTask InitializeAsync() => _rig.InitializeAsync();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Person_signs_in_waits_gets_file_and_command_and_logs_off(bool script)
    {
        _rig.Broker.MachineIsReady = FakeBroker.Pending();
        var page = await browser.OpenAsync(_rig.Address, script: script);
        var complaints = Complaints(page);
        await SignInAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = "Ligar" }).ClickAsync();
        await Expect(page.GetByText("Está no 3.º lugar da fila.")).ToBeVisibleAsync();
        _rig.Broker.MachineIsReady.SetResult();

        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Button, new() { Name = "Descarregar ficheiro .rdp" }).ClickAsync());
        Assert.Equal("Secretaria.rdp", download.SuggestedFilename);

        var before = _rig.Broker.Tickets.Count;
        await page.GetByRole(AriaRole.Button, new() { Name = "Criar comando" }).ClickAsync();
        Assert.True(await Eventually.IsTrueAsync(() => _rig.Broker.Tickets.Count > before, TimeSpan.FromSeconds(60)));
        await Expect(page.Locator("#line")).ToHaveValueAsync(new Regex($"^xfreerdp /v:rdp\\.example\\.pt:3389 .*msts={_rig.Broker.Tickets.Last()}"));
        var copy = page.GetByRole(AriaRole.Button, new() { Name = "Copiar comando" });
        if (script)
        {
            await copy.ClickAsync();
            await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Copiado" })).ToBeVisibleAsync();
            Assert.Equal(await page.Locator("#line").InputValueAsync(), await page.EvaluateAsync<string>("navigator.clipboard.readText()"));
        }
        else
        {
            await Expect(copy).ToBeHiddenAsync();
        }
        Assert.DoesNotContain(_rig.Broker.Tickets.Last(), page.Url, StringComparison.Ordinal);

        _rig.Broker.Desktops = [FakeBroker.InSession(DesktopState.SessionActive)];
        await page.GotoAsync("/");
        await page.GetByRole(AriaRole.Link, new() { Name = "Terminar sessão" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Terminar sessão e fechar os programas" }).ClickAsync();
        await Expect(page.GetByText("A sessão está a ser terminada.")).ToBeVisibleAsync();
        Assert.Single(_rig.Broker.LoggedOff);
        Assert.Empty(complaints);
    }

    [Fact]
    public async Task State_of_a_session_changes_on_the_open_page_and_the_focus_stays()
    {
        _rig.Broker.Desktops = [FakeBroker.InSession(DesktopState.SessionPending)];
        var page = await browser.OpenAsync(_rig.Address);
        await SignInAsync(page);
        var back = page.GetByRole(AriaRole.Button, new() { Name = "Voltar à sessão" });
        await back.FocusAsync();
        _rig.Broker.Desktops = [FakeBroker.InSession(DesktopState.SessionActive)];
        await Expect(page.Locator(".desktop").GetByText("Sessão ativa")).ToBeVisibleAsync();
        await Expect(back).ToBeFocusedAsync();
        // The card is drawn again at each change, the menu stays as the person left it.
        await page.Locator(".more summary").ClickAsync();
        _rig.Broker.Desktops = [FakeBroker.InSession(DesktopState.SessionDisconnected)];
        await Expect(page.Locator(".desktop").GetByText("Sessão desligada")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Reiniciar" })).ToBeVisibleAsync();
        await page.Locator("h1").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Reiniciar" })).ToBeHiddenAsync();
        _rig.Broker.Desktops = [FakeBroker.InSession(DesktopState.SessionActive)];
        await Expect(page.Locator(".desktop").GetByText("Sessão ativa")).ToBeVisibleAsync();
        await Expect(page.Locator("#news")).ToHaveTextAsync("Secretaria: Sessão ativa");
    }

    [Fact]
    public async Task Sign_in_that_expired_while_the_page_was_open_is_explained()
    {
        var page = await browser.OpenAsync(_rig.Address);
        await SignInAsync(page);
        _rig.Broker.ForgetEveryone();
        await Expect(page.GetByText("A sua sessão no portal terminou.")).ToBeVisibleAsync();
    }

    [Theory]
    [InlineData("pt-PT", false)]
    [InlineData("en", true)]
    public async Task No_page_has_an_accessibility_violation_or_scrolls_sideways_on_a_small_phone(string language, bool dark)
    {
        foreach (var width in new[] { 1440, 320 })
        {
            var page = await browser.OpenAsync(_rig.Address, width, width == 320 ? 640 : 900, language: language, dark: dark);
            var complaints = Complaints(page);
            var shots = new Shots(page, $"{language}-{width}");
            Everyday();

            await page.GotoAsync("/sign-in");
            await shots.CheckAsync("1-sign-in");
            await FillAsync(page, "errada");
            await Expect(page.GetByText("SIGN_IN_FAILED")).ToBeVisibleAsync();
            await shots.CheckAsync("2-wrong-password");
            if (await page.Locator("html").GetAttributeAsync("lang") != language) await page.Locator("button[name=to]").ClickAsync();
            await Expect(page.Locator("html")).ToHaveAttributeAsync("lang", language);
            _rig.Broker.MustEnrol = true;
            await FillAsync(page, FakeBroker.Password);
            await page.Locator("#secret").WaitForAsync();
            await shots.CheckAsync("2-second-factor-enrol");
            await page.Locator("#code").FillAsync(FakeSecondStep.Code);
            await page.Locator(".fields .primary").ClickAsync();
            await page.Locator(".codes-list").WaitForAsync();
            await shots.CheckAsync("2-second-factor-codes");
            await page.GotoAsync("/account");
            await shots.CheckAsync("2-second-factor-account");
            await page.Locator("form[action='/sign-out'] button").ClickAsync();
            await FillAsync(page, FakeBroker.Password);
            await page.Locator("#code").WaitForAsync();
            await shots.CheckAsync("2-second-factor");
            await page.Locator("a[href*=recovery]").ClickAsync();
            await page.Locator("#code[autocomplete=off]").FillAsync("1234-5678");
            await page.Locator(".fields .primary").ClickAsync();
            await page.Locator(".notice.bad").WaitForAsync();
            await shots.CheckAsync("2-second-factor-recovery-wrong");
            _rig.Broker.HasApp = false;
            await page.GotoAsync("/sign-in");
            await FillAsync(page, FakeBroker.Password);
            await page.Locator("#desktops").WaitForAsync();
            // What the browser cannot be told by its own list is told by a choice, since the broker names Portuguese.
            if (await page.Locator("html").GetAttributeAsync("lang") != language) await page.Locator("button[name=to]").ClickAsync();
            await Expect(page.Locator("html")).ToHaveAttributeAsync("lang", language);
            await shots.CheckAsync("3-desktops");
            await page.Locator(".more summary").First.ClickAsync();
            await shots.CheckAsync("3-menu");
            await page.Keyboard.PressAsync("Escape");
            await Expect(page.Locator(".more summary").First).ToBeFocusedAsync();

            _rig.Broker.MachineIsReady = FakeBroker.Pending();
            await page.Locator(".desktop .primary:visible").First.ClickAsync();
            await page.Locator(".waiting").WaitForAsync();
            await shots.CheckAsync("4-waiting");
            _rig.Broker.MachineIsReady.SetResult();
            await page.Locator(".way").First.WaitForAsync();
            await page.Locator("#command button:not([data-copy])").ClickAsync();
            await page.Locator("#line").WaitForAsync();
            await shots.CheckAsync("5-ready");

            await page.GotoAsync($"/sessions/{FakeBroker.Session}/log-off");
            await shots.CheckAsync("6-log-off");
            await page.GotoAsync($"/sessions/{FakeBroker.Session}/restart");
            await shots.CheckAsync("6-restart");
            await page.GotoAsync("/account");
            await shots.CheckAsync("6-account");
            await page.GotoAsync("/account/looks");
            await shots.CheckAsync("6-looks");
            await page.GotoAsync("/help");
            await shots.CheckAsync("6-help");
            await page.GotoAsync("/accessibility");
            await shots.CheckAsync("6-accessibility");
            await page.GotoAsync("/display");
            await page.Locator("input[name=contrast][value=high]").CheckAsync();
            await page.Locator("input[name=size][value='2']").CheckAsync();
            await page.Locator("main .primary").ClickAsync();
            await page.Locator("#desktops").WaitForAsync();
            await shots.CheckAsync("6-desktops-large-high-contrast");
            await page.GotoAsync("/display");
            await shots.CheckAsync("6-display");
            await page.Locator("input[name=contrast][value=normal]").CheckAsync();
            await page.Locator("input[name=size][value='0']").CheckAsync();
            await page.Locator("main .primary").ClickAsync();
            await page.GotoAsync("/");
            _rig.Broker.Refusal = new Reason { Code = ReasonCode.StorageFull, Reference = "B-41XZ" };
            await page.Locator(".desktop .primary:visible").First.ClickAsync();
            await page.Locator(".notice.bad").WaitForAsync();
            await shots.CheckAsync("7-refused");
            _rig.Broker.Refusal = null;
            _rig.Broker.Away = true;
            await page.GotoAsync("/");
            await shots.CheckAsync("8-away");
            _rig.Broker.Away = false;
            Assert.DoesNotContain(complaints, c => !c.Contains("Failed to load resource", StringComparison.Ordinal));
            await page.Context.CloseAsync();
        }
    }

    private void Everyday()
    {
        _rig.Broker.Content = new()
        {
            Announcements =
            {
                new PortalAnnouncement { TextPt = "Hoje, das 18h00 às 19h00, há manutenção: guarde o trabalho antes.", TextEn = "Maintenance today from 18:00 to 19:00: save your work before.", Urgent = true },
                new PortalAnnouncement { TextPt = "Novo formulário de férias.", TextEn = "New holiday form." },
            },
            Links = { new PortalLink { NamePt = "Gestão documental", NameEn = "Documents", DescriptionPt = "Processos e ofícios", DescriptionEn = "Files and letters", Address = "https://documentos.example.pt/" } },
        };
        var asked = Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow.AddDays(-3));
        _rig.Broker.Looks.Clear();
        _rig.Broker.Looks.AddRange(
        [
            new() { AssistanceId = "a", Desktop = "Secretaria", Who = "Rosa Lima", Control = true, Reason = "A impressora do balcão não responde e o documento é para hoje", State = OwnAssistanceState.Seen, AskedAt = asked, BeganAt = asked, EndedAt = Timestamp.FromDateTimeOffset(asked.ToDateTimeOffset().AddMinutes(4)) },
            new() { AssistanceId = "b", Desktop = "Secretaria", Reason = "Programa de ofícios", State = OwnAssistanceState.Denied, AskedAt = asked },
        ]);
        _rig.Broker.Others =
        [
            new OwnSignIn { SignInId = "o1", Since = Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow.AddDays(-1)), SourceAddress = "192.0.2.14", ClientName = "Safari, iPhone" },
            new OwnSignIn { SignInId = "o2", Since = Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow.AddHours(-3)), SourceAddress = "192.0.2.15", Console = true },
        ];
        _rig.Broker.Desktops =
        [
            FakeBroker.InSession(DesktopState.SessionDisconnected),
            new Desktop(FakeBroker.Ready("Urbanismo e cartografia")) { PoolId = "p2", Description = "Com programas de desenho e mapas." },
            new Desktop(FakeBroker.Ready("Balcão único"))
            {
                PoolId = "p3", State = DesktopState.Wait, Reason = new Reason { Code = ReasonCode.PoolFull }, Queue = new QueuePlace { Place = 4, EstimatedSeconds = 180 },
            },
            new Desktop(FakeBroker.Ready("Contabilidade"))
            {
                PoolId = "p4", State = DesktopState.Unavailable, Reason = new Reason { Code = ReasonCode.ImageMissing, Reference = "B-5RT9" },
            },
        ];
    }

    private static async Task SignInAsync(IPage page)
    {
        await page.GotoAsync("/");
        await FillAsync(page, FakeBroker.Password);
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Os meus ambientes de trabalho" })).ToBeVisibleAsync();
    }

    private static async Task FillAsync(IPage page, string password)
    {
        await page.Locator("#user").FillAsync("maria");
        await page.Locator("#password").FillAsync(password);
        await page.Locator(".fields .primary").ClickAsync();
    }

    /// <summary>What the browser itself complains about: a blocked style, a script error.</summary>
    private static ConcurrentQueue<string> Complaints(IPage page)
    {
        var found = new ConcurrentQueue<string>();
        page.Console += (_, message) => { if (message.Type is "error" or "warning") found.Enqueue(message.Text); };
        page.PageError += (_, error) => found.Enqueue(error);
        return found;
    }

    private sealed class Shots(IPage page, string kind)
    {
        public async Task CheckAsync(string name)
        {
            // The smallest phone is for the checks; the pictures are of one that people have.
            var size = page.ViewportSize!;
            if (size.Width < 390) await page.SetViewportSizeAsync(390, 844);
            await Flows.Pictures.TakeAsync(page, $"portal-{kind}-{name}", always: true, wholePage: true);
            await page.SetViewportSizeAsync(size.Width, size.Height);
            var result = await page.RunAxe();
            Assert.True(result.Violations.Length == 0, $"{kind} {name}: {string.Join("; ", result.Violations.Select(v => $"{v.Id} {v.Help} {string.Join(" ", v.Nodes.Select(n => n.Html))}"))}");
            var overflow = await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
            Assert.True(overflow <= 0, $"{kind} {name} scrolls sideways by {overflow} pixels.");
            var small = await page.EvaluateAsync<string>(
                "[...document.querySelectorAll('button, .button, input:not([type=hidden], [type=radio]), label:has(input), .bottom a, .brand')].filter(e => e.offsetParent && (e.offsetHeight < 44 || e.offsetWidth < 44)).map(e => e.outerHTML).join('\\n')");
            Assert.Equal("", small);
        }
    }
}
