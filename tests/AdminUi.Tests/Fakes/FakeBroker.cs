using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Montalegre.Vdi.AdminUi.Tests.Fakes;

/// <summary>A broker for the console to talk to: the real contract over real TLS, with a world that the test moves.</summary>
internal sealed class FakeBroker(TestAuthority authority, string name = "broker.montalegre.internal") : IAsyncDisposable
{
    private static int _met;
    private readonly string _certificate = authority.Issue(name);
    private WebApplication? _app;

    public FakeWorld World { get; } = new();
    public int Port { get; private set; }
    public string Address => $"https://127.0.0.1:{Port}";

    public async Task StartAsync()
    {
        var patience = DateTime.UtcNow.AddMinutes(1);
        while (!await ListenedAsync(patience)) await Task.Delay(100, TestContext.Current.CancellationToken);
        // The first connection of a run compiles what all need: on a busy machine that takes longer than the console waits for one.
        if (Interlocked.Exchange(ref _met, 1) != 0) return;
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } }) { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var answer = await client.GetAsync(new Uri(Address), TestContext.Current.CancellationToken);
    }

    // At a second start: a connection of somebody else may have been given the port meanwhile, and has it for a moment.
    private async Task<bool> ListenedAsync(DateTime patience)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, Port, l =>
        {
            l.Protocols = HttpProtocols.Http2;
            l.UseHttps(X509Certificate2.CreateFromPemFile(_certificate));
        }));
        builder.Services.AddRouting();
        builder.Services.AddGrpc(g =>
        {
            g.MaxReceiveMessageSize = null;
            g.Interceptors.Add<FakeRights>();
        });
        builder.Services.AddSingleton(World);
        _app = builder.Build();
        _app.UseRouting();
        _app.MapGrpcService<FakeAdministrators>();
        _app.MapGrpcService<FakeSecondStep>();
        _app.MapGrpcService<FakeProviders>();
        _app.MapGrpcService<FakePools>();
        _app.MapGrpcService<FakeMachines>();
        _app.MapGrpcService<FakeSessions>();
        _app.MapGrpcService<FakeInfrastructure>();
        _app.MapGrpcService<FakeImages>();
        _app.MapGrpcService<FakeUsers>();
        _app.MapGrpcService<FakeGroups>();
        _app.MapGrpcService<FakeSites>();
        _app.MapGrpcService<FakeEndpointGroups>();
        _app.MapGrpcService<FakeSavedViews>();
        _app.MapGrpcService<FakeUserNotes>();
        _app.MapGrpcService<FakeRoles>();
        _app.MapGrpcService<FakeDirectories>();
        _app.MapGrpcService<FakeCertificateAuthorities>();
        _app.MapGrpcService<FakeOidcProviders>();
        _app.MapGrpcService<FakeReports>();
        _app.MapGrpcService<FakeApiKeys>();
        _app.MapGrpcService<FakeBreakGlass>();
        _app.MapGrpcService<FakeAudit>();
        _app.MapGrpcService<FakeAssistances>();
        _app.MapGrpcService<FakePower>();
        _app.MapGrpcService<FakePortalContent>();
        _app.MapGrpcService<FakeApplications>();
        _app.MapGrpcService<FakeAlerts>();
        _app.MapGrpcService<FakeTasks>();
        _app.MapGrpcService<FakeRollouts>();
        _app.MapGrpcService<FakeLaunches>();
        _app.MapGrpcService<FakeSettings>();
        try
        {
            await _app.StartAsync();
        }
        catch (IOException) when (Port != 0 && DateTime.UtcNow < patience)
        {
            await _app.DisposeAsync();
            return false;
        }
        Port = new Uri(_app.Urls.First()).Port;
        return true;
    }

    /// <summary>As a crash looks from outside: connections end at once, and nothing answers until the next start.</summary>
    public async Task StopAsync()
    {
        if (_app is null) return;
        World.BreakWatches();
        using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
        _app = null;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        World.Dispose();
    }
}
