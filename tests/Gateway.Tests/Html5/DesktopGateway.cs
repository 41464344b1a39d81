using System.Net;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Assistance;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Html5;
using Montalegre.Vdi.Gateway.Relay;
using Montalegre.Vdi.Gateway.Reports;
using Montalegre.Vdi.Gateway.Tests.Desktops;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Gateway.Tickets;
using Montalegre.Vdi.Rig.Html5;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Gateway.Tests.Html5;

/// <summary>The real desktop socket with real workers; only the portal's sign-in is a header, and tickets are answered in the process.</summary>
internal sealed class DesktopGateway : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    /// <summary>Not a setting of the gateway: has it speak HTTP/2 only.</summary>
    public static readonly (string Key, string Value) Http2 = ("Test:Http2", "true");

    /// <summary>A test program that stands still for a while is no browser and no machine that has gone.</summary>
    public static readonly (string Key, string Value)[] Patient =
    [
        ("Gateway:Html5:HelloDeadline", "00:01:00"), ("Gateway:Html5:OpenDeadline", "00:03:00"), ("Gateway:Html5:SendDeadline", "00:03:00"),
        ("Gateway:Html5:KeepFor", "00:02:00"), ("Gateway:Html5:KeepViewerFor", "00:02:00"),
    ];

    private readonly WebApplication _app;
    private readonly string _state = Directory.CreateTempSubdirectory("gateway-test-").FullName;

    private DesktopGateway(ITicketRedeemer redeemer, IEnumerable<(string Key, string Value)> settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Debug).AddProvider(Log);
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.Protocols = settings.Contains(Http2) ? HttpProtocols.Http2 : HttpProtocols.Http1));
        builder.Configuration["Gateway:RdpListen"] = "127.0.0.1:0";
        builder.Configuration["Gateway:StateDirectory"] = Path.Combine(_state, "gateway");
        builder.Configuration["Gateway:StopGrace"] = "00:00:00";
        builder.Configuration["Gateway:Html5:WorkerFolder"] = Builds.WorkerFolder;
        foreach (var (key, value) in Patient) builder.Configuration[key] = value;
        foreach (var (key, value) in settings) builder.Configuration[key] = value;
        builder.Services.AddSingleton(redeemer);
        builder.Services.AddRdpDoor();
        builder.Services.AddHtml5();
        builder.Services.AddSingleton<IAssistanceBroker>(Assistances);
        builder.Services.AddAuthentication("header").AddScheme<AuthenticationSchemeOptions, HeaderSignIn>("header", null);
        _app = builder.Build();
        _app.UseAuthentication();
        _app.MapHtml5();
    }

    public RecordedLog Log { get; } = new();

    public FakeAssistanceBroker Assistances { get; } = new();

    public AssistanceDesk Desk => _app.Services.GetRequiredService<AssistanceDesk>();

    public Uri AssistSocket => new(Socket, Montalegre.Vdi.Gateway.Assistance.AssistSocket.Path);

    public WorkerGroups Groups => _app.Services.GetRequiredService<WorkerGroups>();

    public OpenConnections Connections => _app.Services.GetRequiredService<OpenConnections>();

    public Uri Socket { get; private set; } = null!;

    public string Origin { get; private set; } = "";

    public static async Task<DesktopGateway> StartAsync(ITicketRedeemer redeemer, params (string Key, string Value)[] settings)
    {
        Assert.SkipWhen(!File.Exists(Path.Combine(Builds.WorkerFolder, "done")), "The worker is not built; run the tests by dev.cs, which builds it.");
        var gateway = new DesktopGateway(redeemer, settings);
        await gateway._app.StartAsync();
        var address = new Uri(gateway._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        gateway.Origin = address.GetLeftPart(UriPartial.Authority);
        gateway.Socket = new Uri($"ws://{address.Authority}{DesktopSocket.Path}");
        return gateway;
    }

    /// <summary>A browser of a signed-in person.</summary>
    public DesktopClient Browser(string person = "maria", bool overHttp2 = false) => new(("Origin", Origin), ("X-Person", person)) { OverHttp2 = overHttp2 };

    /// <summary>The broker orders a synthetic log-on.</summary>
    public void Order(ProbeDesktop order) => _app.Services.GetRequiredService<ProbeOrders>().Add(order);

    public async Task<ConnectionReport> NextReportAsync() =>
        await _app.Services.GetRequiredService<ConnectionReports>().Waiting.ReadAsync().AsTask().WaitAsync(Patience);

    /// <summary>What the gateway has to tell of assistances, next.</summary>
    public async Task<AssistanceNews> NextNewsAsync() =>
        await _app.Services.GetRequiredService<AssistanceReports>().Waiting.ReadAsync().AsTask().WaitAsync(Patience);

    /// <summary>The worker processes whose socket leads to this machine: other tests start workers at the same time.</summary>
    public static int[] Workers(IPEndPoint machine)
    {
        var remote = $":{machine.Port:X4}";
        var inodes = File.ReadLines("/proc/net/tcp").Skip(1).Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(f => f[2].EndsWith(remote, StringComparison.Ordinal)).Select(f => $"socket:[{f[9]}]").ToHashSet();
        return [.. Directory.EnumerateDirectories("/proc")
            .Where(d => int.TryParse(Path.GetFileName(d), out _) && CommandLine(d).StartsWith("/worker/", StringComparison.Ordinal) && inodes.Contains(Machine(d)))
            .Select(d => int.Parse(Path.GetFileName(d), System.Globalization.CultureInfo.InvariantCulture))];
    }

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        Directory.Delete(_state, recursive: true);
    }

    // The launcher passes the machine's socket in as descriptor 4.
    private static string Machine(string process)
    {
        try { return new FileInfo(Path.Combine(process, "fd/4")).LinkTarget ?? ""; }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return ""; }
    }

    private static string CommandLine(string process)
    {
        try { return File.ReadAllText(Path.Combine(process, "cmdline")); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return ""; }
    }

    private sealed class HeaderSignIn(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(
            Request.Headers["X-Person"].ToString() is { Length: > 0 } person
                ? AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, person)], "header")), "header"))
                : AuthenticateResult.NoResult());
    }
}
