using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Montalegre.Vdi.Gateway.Html5;
using Montalegre.Vdi.Portal.Hosting;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>The portal on a real HTTPS socket, in front of a fake broker on another one; its desktops are a fake too, or the gateway's own.</summary>
internal sealed partial class PortalRig(Action<WebApplicationBuilder>? desktops = null) : IAsyncLifetime
{
    private readonly X509Certificate2 _certificate = NewCertificate();
    private readonly string _folder = Directory.CreateTempSubdirectory("portal-").FullName;
    private WebApplication? _broker;
    private WebApplication? _portal;

    public FakeBroker Broker { get; } = new();
    public FakeDesktop Desktop { get; } = new();
    public Uri Address { get; private set; } = null!;

    public IServiceProvider Services => _portal!.Services;

    /// <summary>True when the pages' own address is an RD Gateway too, as a gateway says of itself.</summary>
    public bool RdGateway { get; init; }

    public ConcurrentQueue<string> Log { get; } = new();

    public async ValueTask InitializeAsync()
    {
        var pem = Path.Combine(_folder, "authority.pem");
        await File.WriteAllTextAsync(pem, _certificate.ExportCertificatePem());

        var broker = Builder();
        broker.Services.AddGrpc();
        broker.Services.AddSingleton(Broker);
        _broker = broker.Build();
        _broker.MapGrpcService<FakeBroker>();
        _broker.MapGrpcService<FakeSecondStep>();
        _broker.MapGrpcService<FakeProviders>();
        _broker.MapGrpcService<FakeFactors>();
        _broker.MapGrpcService<FakePasskeySignIn>();
        await _broker.StartAsync();

        var portal = Builder();
        portal.Logging.SetMinimumLevel(LogLevel.Trace).AddProvider(new LogLines(Log));
        portal.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Portal:Broker"] = AddressOf(_broker).ToString(),
            ["Portal:BrokerAuthority"] = pem,
            ["Portal:KeyFolder"] = Path.Combine(_folder, "keys"),
            ["Portal:RdGateway"] = RdGateway.ToString(),
            ["Portal:WaitingRefresh"] = "00:00:01",
            ["Portal:FirstAnswer"] = "00:00:10",                // a broker that stands still for a moment has not said that anybody waits
            ["Portal:BrokerDeadline"] = "00:01:00",
            ["Portal:RdpCertificateSha256"] = new string('a', 64),
        });
        portal.Services.AddPortal(portal.Configuration);
        desktops?.Invoke(portal);
        _portal = portal.Build();
        if (desktops is null)
        {
            _portal.UseWebSockets();
            _portal.Map("/desktop/socket", Desktop.ServeAsync);
        }
        _portal.MapPortal();
        if (desktops is not null) _portal.MapHtml5();
        await _portal.StartAsync();
        Address = AddressOf(_portal);
    }

    public async ValueTask DisposeAsync()
    {
        if (_portal is not null) await _portal.DisposeAsync();
        if (_broker is not null) await _broker.DisposeAsync();
        _certificate.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A browser without script: cookies, no automatic redirects.</summary>
    public HttpClient NewClient()
    {
        var trusted = _certificate.GetCertHashString();
        return new HttpClient(new HttpClientHandler
        {
            AllowAutoRedirect = false,
            CookieContainer = new CookieContainer(),
            ServerCertificateCustomValidationCallback = (_, certificate, _, _) => certificate?.GetCertHashString() == trusted,
        })
        {
            BaseAddress = Address,
            DefaultRequestHeaders = { { "Accept-Language", "pt-PT" } },
        };
    }

    public async Task<HttpClient> SignedInAsync()
    {
        var client = NewClient();
        var answer = await PostAsync(client, "/sign-in", "/sign-in", ("user", "maria"), ("password", FakeBroker.Password));
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        return client;
    }

    /// <summary>Sends a form the way a browser does: with the token of the page it stands on.</summary>
    public static async Task<HttpResponseMessage> PostAsync(HttpClient client, string page, string path, params (string Name, string Value)[] fields)
    {
        var html = await client.GetStringAsync(page);
        var token = TokenField().Match(html).Groups[1].Value;
        return await client.PostAsync(path, new FormUrlEncodedContent(
            fields.Select(f => KeyValuePair.Create(f.Name, f.Value)).Append(new("__RequestVerificationToken", token))));
    }

    /// <summary>Clicks "connect" and answers the address of the launch page.</summary>
    public static async Task<string> ConnectAsync(HttpClient client)
    {
        var answer = await PostAsync(client, "/", "/connect", ("pool", FakeBroker.Pool));
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        return answer.Headers.Location!.ToString();
    }

    private WebApplicationBuilder Builder()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            listen.UseHttps(_certificate);
        }));
        return builder;
    }

    private static Uri AddressOf(WebApplication app)
    {
        var bound = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return new Uri($"https://localhost:{bound.Port}");
    }

    private static X509Certificate2 NewCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex TokenField();

    private sealed class LogLines(ConcurrentQueue<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
        public bool IsEnabled(LogLevel logLevel) => true;
        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue($"{logLevel} {formatter(state, exception)} {exception}");
        public void Dispose() { }
    }
}
