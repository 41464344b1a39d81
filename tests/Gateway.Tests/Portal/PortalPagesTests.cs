using System.Net;
using System.Text;
using Grpc.Core;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>The portal as a browser without script sees it.</summary>
public sealed class PortalPagesTests : IAsyncLifetime
{
    private readonly PortalRig _rig = new();

    public ValueTask InitializeAsync() => _rig.InitializeAsync();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task First_visit_goes_to_the_sign_in_without_saying_that_anything_expired()
    {
        using var client = _rig.NewClient();
        var answer = await client.GetAsync("/", Stop);
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        Assert.Equal("/sign-in", answer.Headers.Location!.ToString());
    }

    [Fact]
    public async Task Wrong_password_shows_sentence_code_and_reference_and_keeps_the_name()
    {
        using var client = _rig.NewClient();
        var answer = await PortalRig.PostAsync(client, "/sign-in", "/sign-in", ("user", "ma<ria"), ("password", "errada"));
        var html = await Html(answer);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Contains("O utilizador ou a palavra-passe não está correto.", html, StringComparison.Ordinal);
        Assert.Contains("SIGN_IN_FAILED", html, StringComparison.Ordinal);
        Assert.Contains("B-7Q2K", html, StringComparison.Ordinal);
        Assert.Contains("value=\"ma<ria\"", html, StringComparison.Ordinal);
        Assert.False(answer.Headers.TryGetValues("Set-Cookie", out var cookies) && cookies.Any(c => c.StartsWith("__Host-montalegre=", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Broker_hears_the_address_of_the_browser()
    {
        using var client = await _rig.SignedInAsync();
        await client.GetAsync(await PortalRig.ConnectAsync(client), Stop);
        Assert.Equal("127.0.0.1", Assert.Single(_rig.Broker.SignIns).ClientAddress);
        Assert.Equal("127.0.0.1", Assert.Single(_rig.Broker.Launches).ClientAddress);
    }

    [Fact]
    public async Task Forgotten_token_leads_back_to_the_sign_in_with_an_explanation()
    {
        using var client = await _rig.SignedInAsync();
        _rig.Broker.ForgetEveryone();
        var answer = await client.GetAsync("/", Stop);
        Assert.Equal("/sign-in?expired=1", answer.Headers.Location!.ToString());
        Assert.Contains(answer.Headers.GetValues("Set-Cookie"), c => c.StartsWith("__Host-montalegre=;", StringComparison.Ordinal));
        Assert.Contains("A sua sessão no portal terminou.", await Html(await client.GetAsync("/sign-in?expired=1", Stop)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_state_of_a_desktop_is_said_in_words()
    {
        _rig.Broker.Desktops = [FakeBroker.InSession(DesktopState.SessionDisconnected)];
        using var client = await _rig.SignedInAsync();
        var html = await Html(await client.GetAsync("/", Stop));
        Assert.Contains("Sessão desligada (a sessão continua)", html, StringComparison.Ordinal);
        Assert.Contains("Voltar à sessão", html, StringComparison.Ordinal);
        Assert.Contains("secretaria-07", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unavailable_desktop_has_its_reason_and_no_connect_button()
    {
        _rig.Broker.Desktops = [new Desktop(FakeBroker.Ready()) { State = DesktopState.Unavailable, Reason = new Reason { Code = ReasonCode.ImageMissing, Reference = "B-99" } }];
        using var client = await _rig.SignedInAsync();
        var html = await Html(await client.GetAsync("/", Stop));
        Assert.Contains("IMAGE_MISSING", html, StringComparison.Ordinal);
        Assert.Contains("B-99", html, StringComparison.Ordinal);
        Assert.DoesNotContain("name=\"pool\"", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Launch_that_waits_says_place_and_estimate_and_then_becomes_ready_at_the_same_address()
    {
        _rig.Broker.MachineIsReady = FakeBroker.Pending();
        using var client = await _rig.SignedInAsync();
        var launch = await PortalRig.ConnectAsync(client);

        var waiting = await Html(await client.GetAsync(launch, Stop));
        Assert.Contains("Está no 3.º lugar da fila.", waiting, StringComparison.Ordinal);
        Assert.Contains("cerca de 3 minutos", waiting, StringComparison.Ordinal);
        Assert.Contains("<noscript><meta http-equiv=\"refresh\" content=\"1\"", waiting, StringComparison.Ordinal);

        _rig.Broker.MachineIsReady.SetResult();
        Assert.Contains("Descarregar ficheiro .rdp", await Html(await client.GetAsync(launch, Stop)), StringComparison.Ordinal);
        Assert.Single(_rig.Broker.Launches.Select(l => l.RequestId).Distinct());
    }

    [Fact]
    public async Task Waiting_script_hears_words_and_then_done()
    {
        _rig.Broker.MachineIsReady = FakeBroker.Pending();
        using var client = await _rig.SignedInAsync();
        var launch = await PortalRig.ConnectAsync(client);
        using var answer = await client.GetAsync($"{launch}/progress", HttpCompletionOption.ResponseHeadersRead, Stop);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Stop));
        Assert.Equal("event: waiting", await reader.ReadLineAsync(Stop));
        Assert.Contains("\"code\":\"POOL_FULL\"", await reader.ReadLineAsync(Stop), StringComparison.Ordinal);
        _rig.Broker.MachineIsReady.SetResult();
        Assert.Contains("event: done", await reader.ReadToEndAsync(Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Broken_wait_is_not_taken_for_an_answer()
    {
        _rig.Broker.MachineIsReady = FakeBroker.Pending();
        using var client = await _rig.SignedInAsync();
        var launch = await PortalRig.ConnectAsync(client);
        using var answer = await client.GetAsync($"{launch}/progress", HttpCompletionOption.ResponseHeadersRead, Stop);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Stop));
        Assert.Equal("event: waiting", await reader.ReadLineAsync(Stop));
        _rig.Broker.MachineIsReady.SetException(new InvalidOperationException("the broker was killed"));
        Assert.Contains("event: broken", await reader.ReadToEndAsync(Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refusal_that_comes_as_a_status_is_shown_with_the_brokers_own_code_and_reference()
    {
        using var client = _rig.NewClient();
        _rig.Broker.SignInStatus = new RpcException(
            new Status(StatusCode.Unauthenticated, "no"), new Metadata { { "reason", "SIGN_IN_FAILED" }, { "reference", "B-STATUS" } });
        var answer = await PortalRig.PostAsync(client, "/sign-in", "/sign-in", ("user", "maria"), ("password", "errada"));
        var html = await Html(answer);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Contains("SIGN_IN_FAILED", html, StringComparison.Ordinal);
        Assert.Contains("B-STATUS", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refused_launch_shows_sentence_code_and_reference()
    {
        _rig.Broker.Refusal = new Reason { Code = ReasonCode.StorageFull, Reference = "B-41XZ" };
        using var client = await _rig.SignedInAsync();
        var answer = await client.GetAsync(await PortalRig.ConnectAsync(client), Stop);
        var html = await Html(answer);
        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        Assert.Contains("Não há espaço em disco", html, StringComparison.Ordinal);
        Assert.Contains("STORAGE_FULL", html, StringComparison.Ordinal);
        Assert.Contains("B-41XZ", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task File_is_made_at_the_click_with_a_fresh_minute_long_ticket()
    {
        using var client = await _rig.SignedInAsync();
        var launch = await PortalRig.ConnectAsync(client);
        var answer = await PortalRig.PostAsync(client, launch, $"{launch}/file");
        var bytes = await answer.Content.ReadAsByteArrayAsync(Stop);

        Assert.Equal("application/x-rdp", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal("Secretaria.rdp", answer.Content.Headers.ContentDisposition!.FileNameStar ?? answer.Content.Headers.ContentDisposition.FileName);
        Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());
        Assert.Equal([0xFF, 0xFE], bytes[..2]);
        var lines = Encoding.Unicode.GetString(bytes[2..]).Split("\r\n");
        Assert.Equal("full address:s:rdp.example.pt:3389", lines[0]);
        Assert.Equal($"loadbalanceinfo:s:Cookie: msts={_rig.Broker.Tickets.Last()}", lines[2]);
        Assert.Equal("username:s:maria", lines[3]);
        Assert.Equal("enablecredsspsupport:i:0", lines[4]);
        Assert.Contains("authentication level:i:2", lines);
        Assert.Contains("autoreconnection enabled:i:1", lines);
        Assert.Equal("", lines[^1]);

        var asked = _rig.Broker.Launches.ToArray();
        Assert.True(asked[^1].ForFile);
        Assert.NotEqual(asked[0].RequestId, asked[^1].RequestId);
    }

    [Fact]
    public async Task Command_is_ready_to_paste_and_says_how_long_it_lives()
    {
        using var client = await _rig.SignedInAsync();
        var launch = await PortalRig.ConnectAsync(client);
        var html = await Html(await PortalRig.PostAsync(client, launch, $"{launch}/command"));
        var print = string.Join(':', Enumerable.Repeat("aa", 32));
        Assert.Contains(
            $"xfreerdp /v:rdp.example.pt:3389 '/load-balance-info:Cookie: msts={_rig.Broker.Tickets.Last()}' /u:maria /p: /sec:tls /cert:fingerprint:sha256:{print} /dynamic-resolution +clipboard",
            html, StringComparison.Ordinal);
        Assert.Matches("Válido durante ([3-5][0-9]|60) segundos", html);
    }

    [Fact]
    public async Task Session_that_ended_before_the_click_goes_back_to_the_wait()
    {
        using var client = await _rig.SignedInAsync();
        var launch = await PortalRig.ConnectAsync(client);
        await client.GetAsync(launch, Stop);
        _rig.Broker.Refusal = new Reason { Code = ReasonCode.SessionEnded };
        Assert.Equal(HttpStatusCode.Conflict, (await PostFromHome(client, $"{launch}/file")).StatusCode);
    }

    [Fact]
    public async Task Logging_off_asks_first_and_says_what_it_touches()
    {
        _rig.Broker.Desktops = [FakeBroker.InSession(DesktopState.SessionActive)];
        using var client = await _rig.SignedInAsync();
        var page = $"/sessions/{FakeBroker.Session}/log-off";
        var html = await Html(await client.GetAsync(page, Stop));
        Assert.Contains("secretaria-07", html, StringComparison.Ordinal);
        Assert.Contains("O trabalho por guardar perde-se.", html, StringComparison.Ordinal);
        Assert.Empty(_rig.Broker.LoggedOff);

        var answer = await PortalRig.PostAsync(client, page, page);
        Assert.Equal("/?logged=off", answer.Headers.Location!.ToString());
        Assert.Equal(FakeBroker.Session, Assert.Single(_rig.Broker.LoggedOff));
    }

    [Fact]
    public async Task Broker_that_is_away_is_said_honestly_and_nothing_internal_leaks()
    {
        using var client = await _rig.SignedInAsync();
        _rig.Broker.Away = true;
        var answer = await client.GetAsync("/", Stop);
        var html = await Html(answer);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains("O serviço de ligações não responde.", html, StringComparison.Ordinal);
        Assert.Contains("BROKER_UNAVAILABLE", html, StringComparison.Ordinal);
        Assert.Contains("Tentar de novo", html, StringComparison.Ordinal);
        Assert.Matches("P-[0-9A-F]{8}", html);
        Assert.DoesNotContain("10.0.0.7", html, StringComparison.Ordinal);
        Assert.DoesNotContain("RpcException", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Chosen_language_wins_over_the_browser_and_stays()
    {
        using var client = _rig.NewClient();
        Assert.Contains("<html lang=\"pt-PT\">", await client.GetStringAsync("/sign-in", Stop), StringComparison.Ordinal);
        var answer = await PortalRig.PostAsync(client, "/sign-in", "/language", ("to", "en"), ("back", "/sign-in"));
        Assert.Equal("/sign-in", answer.Headers.Location!.ToString());
        Assert.Contains("<html lang=\"en\">", await client.GetStringAsync("/sign-in", Stop), StringComparison.Ordinal);
    }

    private async Task<HttpResponseMessage> PostFromHome(HttpClient client, string path) => await PortalRig.PostAsync(client, "/", path);

    [Fact]
    public async Task Announcements_and_links_are_shown_and_a_broker_that_cannot_tell_them_takes_no_desktop_away()
    {
        _rig.Broker.Content = new()
        {
            Announcements = { new PortalAnnouncement { TextEn = "Only in <English>.", Urgent = true } },
            Links = { new PortalLink { NamePt = "Formulários", NameEn = "Forms", Address = "https://forms.example.pt/?a=1&b=2" } },
        };
        using var client = await _rig.SignedInAsync();
        var html = WebUtility.HtmlDecode(await client.GetStringAsync("/", Stop));
        Assert.Contains("Urgente: ", html, StringComparison.Ordinal);
        Assert.Contains("Only in <English>.", html, StringComparison.Ordinal);
        Assert.Contains("href=\"https://forms.example.pt/?a=1&b=2\" rel=\"noopener noreferrer\"", html, StringComparison.Ordinal);
        Assert.Contains("Formulários", html, StringComparison.Ordinal);

        _rig.Broker.ContentFails = true;
        Assert.Contains("Secretaria", await client.GetStringAsync("/", Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Favourite_is_marked_and_unmarked_by_a_form()
    {
        using var client = await _rig.SignedInAsync();
        Assert.Equal(HttpStatusCode.SeeOther, (await PortalRig.PostAsync(client, "/", "/favourites", ("add", FakeBroker.Pool))).StatusCode);
        Assert.Contains("Retirar Secretaria dos favoritos", await client.GetStringAsync("/", Stop), StringComparison.Ordinal);
        await PortalRig.PostAsync(client, "/", "/favourites", ("remove", FakeBroker.Pool));
        Assert.Contains("Marcar Secretaria como favorito", await client.GetStringAsync("/", Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restart_says_what_it_costs_first_and_is_not_offered_on_a_machine_that_others_share()
    {
        _rig.Broker.Desktops = [FakeBroker.InSession(DesktopState.SessionActive)];
        using var client = await _rig.SignedInAsync();
        var page = $"/sessions/{FakeBroker.Session}/restart";
        Assert.Contains(page, await client.GetStringAsync("/", Stop), StringComparison.Ordinal);
        Assert.Contains("O trabalho por guardar perde-se.", WebUtility.HtmlDecode(await client.GetStringAsync(page, Stop)), StringComparison.Ordinal);
        Assert.Empty(_rig.Broker.Restarts);
        var answer = await PortalRig.PostAsync(client, page, page);
        Assert.Equal("/?restarted=1", answer.Headers.Location!.ToString());
        Assert.Equal(FakeBroker.Session, Assert.Single(_rig.Broker.Restarts));
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync(page, Stop)).StatusCode);      // no session any more

        _rig.Broker.Desktops = [new Desktop(FakeBroker.InSession(DesktopState.SessionActive)) { SharedMachine = true }];
        Assert.DoesNotContain(page, await client.GetStringAsync("/", Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Own_sign_ins_are_named_and_ended()
    {
        _rig.Broker.Others = [new OwnSignIn { SignInId = "o1", Since = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow), SourceAddress = "192.0.2.14", ClientName = "Safari, iPhone" }];
        using var client = await _rig.SignedInAsync();
        Assert.Contains("Safari, iPhone", await client.GetStringAsync("/account", Stop), StringComparison.Ordinal);
        await PortalRig.PostAsync(client, "/account", "/account/sign-ins/end", ("sign-in", "o1"));
        var html = await client.GetStringAsync("/account?ended=1", Stop);
        Assert.DoesNotContain("iPhone", html, StringComparison.Ordinal);
        Assert.Contains("Só tem sessão iniciada aqui.", WebUtility.HtmlDecode(html), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Person_reads_who_looked_at_the_desktop_when_and_why()
    {
        using var client = _rig.NewClient();
        Assert.NotEqual(HttpStatusCode.OK, (await client.GetAsync("/account/looks", Stop)).StatusCode);
        using var signedIn = await _rig.SignedInAsync();
        Assert.Contains("Ninguém pediu para ver", WebUtility.HtmlDecode(await signedIn.GetStringAsync("/account/looks", Stop)), StringComparison.Ordinal);
        Assert.Contains("href=\"/account/looks\"", await signedIn.GetStringAsync("/", Stop), StringComparison.Ordinal);
        var began = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(new DateTimeOffset(2026, 1, 31, 9, 30, 0, TimeSpan.Zero).ToLocalTime());
        _rig.Broker.Looks.Add(new() { AssistanceId = "a", Desktop = "Secretaria", Who = "Rosa <Lima>", Control = true, Reason = "Impressora não responde", State = OwnAssistanceState.Seen, AskedAt = began, BeganAt = began, EndedAt = began });
        _rig.Broker.Looks.Add(new() { AssistanceId = "b", Desktop = "Secretaria", Reason = "Outro", State = OwnAssistanceState.Denied, AskedAt = began });

        var html = await signedIn.GetStringAsync("/account/looks", Stop);
        var text = WebUtility.HtmlDecode(html);

        Assert.Contains("Rosa &lt;Lima&gt;", html, StringComparison.Ordinal);
        foreach (var said in new[] { "Impressora não responde", "Visto com a sua autorização", "Ver e usar teclado e rato", "31/01/2026", "Recusado por si", "(nome apagado)" }) Assert.Contains(said, text, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_gives_a_reference_that_the_log_knows()
    {
        using var client = _rig.NewClient();
        var html = await client.GetStringAsync("/help", Stop);
        var reference = System.Text.RegularExpressions.Regex.Match(html, "<code>([0-9A-Z]{4}-[0-9A-Z]{4})</code>").Groups[1].Value;
        Assert.NotEmpty(reference);
        Assert.Contains(_rig.Log, l => l.Contains(reference, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36 Edg/141.0", "Edge, Windows")]
    [InlineData("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1", "Safari, iPhone")]
    [InlineData("Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0", "Firefox, Linux")]
    [InlineData("curl/8", "")]
    public void Browsers_are_called_what_people_call_them(string userAgent, string expected) => Assert.Equal(expected, Vdi.Portal.Hosting.BrowserName.Of(userAgent));

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static async Task<string> Html(HttpResponseMessage answer) => WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync(Stop));
}
