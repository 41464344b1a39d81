using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Tests.Fakes;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using System.Security.Cryptography.X509Certificates;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>Asking to assist in a session, as an administrator does it on the session's page.</summary>
public sealed class AssistanceTests(Chromium chromium)
{
    private const string Page = "/sessions/s-balcao-1";

    [Fact]
    public async Task Question_needs_a_reason_is_seen_to_wait_and_its_answer_shows_without_a_reload()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await OpenAsync(console);
        await AskAsync(page, "");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("Escreva um motivo, de 3 a 200 caracteres.");
        await page.GetByLabel("Motivo").FillAsync("Impressora não responde");
        await page.GetByText("Ver e comandar").ClickAsync();
        await ShotAsync(page, "ask");
        await page.GetByRole(AriaRole.Button, new() { Name = "Pedir", Exact = true }).ClickAsync();
        await Expect(Panel(page)).ToContainTextAsync("À espera da resposta de Ana Martins ao pedido para ver e comandar.");
        await Expect(Panel(page)).ToContainTextAsync("Motivo: Impressora não responde");
        Assert.Contains("assist s-balcao-1 control=True 'Impressora não responde'", console.World.Calls);
        await ShotAsync(page, "asked");

        console.World.Move(null, AssistanceState.Granted);
        await Expect(Panel(page)).ToContainTextAsync("Ana Martins autorizou.");
        await ShotAsync(page, "granted");
        console.World.Move(null, AssistanceState.Watching);
        await Expect(Panel(page)).ToContainTextAsync("rita está a ver e a comandar esta sessão.");
        await ShotAsync(page, "watching");
        await Panel(page).GetByRole(AriaRole.Button, new() { Name = "Terminar a assistência" }).ClickAsync();
        await Expect(Panel(page)).ToContainTextAsync("terminou porque um administrador terminou.");
        Assert.Contains("end-assistance", console.World.Calls);

        await AskAsync(page, "outro motivo");
        await Expect(Panel(page)).ToContainTextAsync("ao pedido para ver.");
        console.World.Move(null, AssistanceState.Denied);
        await Expect(Panel(page)).ToContainTextAsync("Ana Martins recusou o pedido de rita.");
        await ShotAsync(page, "denied");
    }

    [Theory]
    [InlineData(ReasonCode.AssistNotInBrowser, "Peça-lhe que abra o ambiente de trabalho no navegador")]
    [InlineData(ReasonCode.AssistNotConnected, "Ninguém está ligado a esta sessão neste momento.")]
    [InlineData(ReasonCode.AssistRunning, "Só pode haver uma de cada vez.")]
    public async Task Refusal_says_why_and_the_way_out_and_keeps_what_was_typed(ReasonCode refused, string sentence)
    {
        await using var console = await RunningConsole.StartAsync();
        console.World.AskRefused = refused;
        var page = await OpenAsync(console);
        await AskAsync(page, "um motivo");
        await Expect(page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Alert).First).ToContainTextAsync(sentence);
        await Expect(page.GetByLabel("Motivo")).ToHaveValueAsync("um motivo");
        await ShotAsync(page, $"refused-{refused}");
    }

    [Fact]
    public async Task Ticket_is_posted_to_the_gateway_in_a_new_tab_and_is_in_no_address()
    {
        await using var console = await RunningConsole.StartAsync();
        await using var gateway = await Gateway.StartAsync(console.Authority);
        console.World.OpensAt = gateway.Address;
        var page = await OpenAsync(console);
        await AskAsync(page, "um motivo");
        await Expect(Panel(page)).ToContainTextAsync("À espera");
        console.World.Move(null, AssistanceState.Granted);
        var tab = await page.Context.RunAndWaitForPageAsync(() => Panel(page).GetByRole(AriaRole.Button, new() { Name = "Abrir o ambiente de trabalho" }).ClickAsync());
        await Expect(tab.Locator("body")).ToHaveTextAsync("the desktop");
        Assert.Equal($"{gateway.Address}/assist", tab.Url);
        Assert.Equal((FakeAssistances.Ticket, "pt-PT", "null"), gateway.Got);
        Assert.Equal("null", await tab.EvaluateAsync<string>("String(window.opener)"));
        Assert.DoesNotContain(FakeAssistances.Ticket, await page.EvaluateAsync<string>("document.documentElement.outerHTML"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Opening_what_is_over_says_so_and_other_forms_still_go_nowhere_else()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await OpenAsync(console);
        await AskAsync(page, "um motivo");
        await Expect(Panel(page)).ToContainTextAsync("À espera");
        console.World.Move(null, AssistanceState.Granted);
        var tab = await page.Context.RunAndWaitForPageAsync(() => Panel(page).GetByRole(AriaRole.Button, new() { Name = "Abrir o ambiente de trabalho" }).ClickAsync());
        await Expect(tab.GetByRole(AriaRole.Status)).ToContainTextAsync("A assistência terminou.");
        using var http = console.Client();
        using var home = await http.GetAsync(new Uri("/sign-in", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Contains("form-action 'self'", home.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        using var foreign = await http.PostAsync(new Uri($"/assistance/{Guid.NewGuid()}/open", UriKind.Relative), new FormUrlEncodedContent([]), TestContext.Current.CancellationToken);
        Assert.NotEqual(HttpStatusCode.OK, foreign.StatusCode);
    }

    [Theory]
    [InlineData(1280, 900, "en-GB")]
    [InlineData(390, 844, "pt-PT")]
    public async Task Panel_fits_every_screen_in_each_state(int width, int height, string language)
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console, width, height, language);
        foreach (var state in new[] { AssistanceState.Asked, AssistanceState.Granted, AssistanceState.Watching, AssistanceState.Ended })
        {
            console.World.Put(new AssistanceCase
            {
                AssistanceId = "11111111-1111-1111-1111-111111111111", SessionId = "s-balcao-1", State = state, Control = true, Administrator = "rita", Reason = "Impressora da sala 2 não responde desde ontem",
                AskedAt = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow.AddMinutes(-5)),
                BeganAt = state is AssistanceState.Watching or AssistanceState.Ended ? Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow.AddMinutes(-4)) : null,
                EndedAt = state is AssistanceState.Ended ? Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow) : null, EndReason = state is AssistanceState.Ended ? "person" : "",
            });
            await page.GotoAsync(Page);
            await Ready.PageAsync(page);
            await Expect(Panel(page)).ToContainTextAsync(new System.Text.RegularExpressions.Regex("Ana Martins|rita"));
            Assert.Equal(0, await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth"));
            await Panel(page).ScrollIntoViewIfNeededAsync();
            await ShotAsync(page, $"{width}-{state}");
        }
    }

    private static ILocator Panel(IPage page) => page.GetByRole(AriaRole.Region, new() { NameRegex = new("Acompanhar sessão|Assist") });

    private static async Task AskAsync(IPage page, string reason)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = "Pedir para acompanhar" }).ClickAsync();
        if (reason.Length > 0) await page.GetByLabel("Motivo").FillAsync(reason);
        await page.GetByRole(AriaRole.Button, new() { Name = "Pedir", Exact = true }).ClickAsync();
    }

    private async Task<IPage> OpenAsync(RunningConsole console)
    {
        var page = await chromium.OpenAsync(console);
        await page.GotoAsync(Page);
        await Ready.PageAsync(page);
        return page;
    }

    private static async Task ShotAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("MONTALEGRE_SCREENSHOTS") is { Length: > 0 } folder) await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"assist-{name}.png") });
    }

    /// <summary>What stands where the gateway's page would: says what was posted to it.</summary>
    private sealed class Gateway(WebApplication app) : IAsyncDisposable
    {
        public string Address => "https://localhost:" + new Uri(app.Urls.First()).Port;

        public (string Ticket, string Language, string Origin) Got { get; private set; }

        public static async Task<Gateway> StartAsync(TestAuthority authority)
        {
            var certificate = authority.Issue("localhost");
            var builder = WebApplication.CreateEmptyBuilder(new());
            builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.UseHttps(X509Certificate2.CreateFromPemFile(certificate))));
            var app = builder.Build();
            var gateway = new Gateway(app);
            app.Run(async http =>
            {
                if (http.Request.Path != "/assist") return;
                var form = await http.Request.ReadFormAsync();
                gateway.Got = (form["ticket"].ToString(), form["language"].ToString(), http.Request.Headers.Origin.ToString());
                http.Response.ContentType = "text/html";
                await http.Response.WriteAsync("<body>the desktop</body>");
            });
            await app.StartAsync();
            return gateway;
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }
}
