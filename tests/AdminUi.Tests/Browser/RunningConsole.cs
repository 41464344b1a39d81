using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Hosting;
using Montalegre.Vdi.AdminUi.Tests.Fakes;
using Serilog.Core;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>The console as it ships, on a loopback port, talking to a fake broker.</summary>
internal sealed class RunningConsole : IAsyncDisposable
{
    // A page that lost its console looks like one that ignores a click; which of both it was only the page can tell.
    private const string Lost = """
        () => ["components-reconnect-modal", "blazor-error-ui"].map(id => document.getElementById(id)).filter(e => e && getComputedStyle(e).display !== "none")
          .map(e => `${location.pathname} shows ${e.id} ${e.className}`).join("; ")
        """;

    // The first words say how it came; a page that asks for its console again and again repeats the others.
    private const int MostSaid = 6;

    private readonly WebApplication _app;
    private readonly List<IBrowserContext> _contexts = [];
    private readonly ConcurrentQueue<string> _said = [];
    private bool _stopped;

    private RunningConsole(WebApplication app, FakeBroker broker, TestAuthority authority) => (_app, Broker, Authority) = (app, broker, authority);

    public FakeBroker Broker { get; }
    public TestAuthority Authority { get; }
    public FakeWorld World => Broker.World;
    public IServiceProvider Services => _app.Services;
    public string Address { get; private set; } = "";

    /// <summary>What the console said of level warning and above, also after it has stopped.</summary>
    public LogSink Log { get; private init; } = new();

    public static async Task<RunningConsole> StartAsync(Action<FakeWorld>? fill = null, string brokerName = "broker.montalegre.internal", Action<IServiceCollection>? services = null)
    {
        var authority = new TestAuthority();
        var broker = new FakeBroker(authority, brokerName);
        (fill ?? FakeData.Fill)(broker.World);
        await broker.StartAsync();
        var log = new LogSink();
        var app = ConsoleHost.Build([], builder =>
        {
            builder.Services.AddSingleton<ILogEventSink>(log);
            services?.Invoke(builder.Services);
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Console:Urls"] = "https://127.0.0.1:0",
                ["Console:CertificatePath"] = authority.Issue("localhost"),
                ["Console:CertificateLookEvery"] = "00:00:01",
                ["AllowedHosts"] = "localhost;127.0.0.1",
                ["Console:BrokerAddress"] = broker.Address,
                ["Console:BrokerCertificateAuthorityPath"] = authority.AuthorityPath,
                ["Serilog:MinimumLevel:Default"] = "Warning",
                ["Serilog:MinimumLevel:Override:Microsoft.Hosting.Lifetime"] = "Warning",
            });
        });
        await app.StartAsync();
        return new(app, broker, authority) { Log = log, Address = "https://localhost:" + new Uri(app.Urls.First()).Port };
    }

    /// <summary>A plain HTTP client that trusts the test's authority and follows nothing by itself.</summary>
    public HttpClient Client() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        CookieContainer = new CookieContainer(),
        SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => Authority.Signed(certificate) },
    }) { BaseAddress = new(Address) };

    /// <summary>Stops the console alone, as a service manager does, with pages open.</summary>
    public async Task StopConsoleAsync()
    {
        _stopped = true;
        using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    /// <summary>Closes this profile before the console stops: a page left open would go on asking for it while other tests run.</summary>
    public void CloseAtEnd(IBrowserContext context)
    {
        _contexts.Add(context);
        context.Console += (_, message) => { if (message.Type is "error" or "warning") _said.Enqueue(message.Text); };
        context.WebError += (_, error) => _said.Enqueue(error.Error);
    }

    private async Task SayLostAsync(IPage page)
    {
        string lost;
        try
        {
            lost = await page.EvaluateAsync<string>(Lost).WaitAsync(TimeSpan.FromSeconds(10));
        }
        catch (Exception e) when (e is PlaywrightException or TimeoutException)
        {
            lost = $"{page.Url} cannot be asked: {e.Message}";
        }
        if (lost.Length > 0) Console.WriteLine($"At the end of {TestContext.Current.Test?.TestDisplayName}, {lost}. The page said: {string.Join(" | ", _said.Take(MostSaid))}");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_stopped)
            foreach (var page in _contexts.SelectMany(c => c.Pages)) await SayLostAsync(page);
        foreach (var context in _contexts) await context.CloseAsync();
        using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
        await Broker.DisposeAsync();
        Authority.Dispose();
    }
}
