using System.Net;
using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Hosting;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Tests.Directories;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Contracts.Identity.V1;
using Montalegre.Vdi.Flows;
using Montalegre.Vdi.Portal.Hosting;
using Montalegre.Vdi.Rig.OpenId;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Broker.Tests.OpenId;

/// <summary>Portal and console as they ship, before a whole broker and a real provider, and one Chromium. The provider is another site than the two.</summary>
public sealed class OidcFaces(TestCluster cluster) : IAsyncLifetime
{
    private readonly LdapAuthority _authority = new("Faces");
    private readonly string _folder = Directory.CreateTempSubdirectory("faces-").FullName;
    private WebApplication? _portal;
    private WebApplication? _console;
    private IPlaywright? _playwright;
    private IBrowser? _chromium;

    internal OidcBroker Broker { get; private set; } = null!;

    internal string Portal { get; } = $"https://127.0.0.1:{LoopbackPorts.Free()}";

    internal string Console { get; } = $"https://127.0.0.1:{LoopbackPorts.Free()}";

    private string In(string name) => Path.Combine(_folder, name);

    public async ValueTask InitializeAsync()
    {
        _authority.Issue(In("face.pem"), In("face.key"), IPAddress.Loopback);
        Broker = new(cluster) { Faces = [new(Portal), new(Console)], Trusted = _authority.Pem, More = ["--Passkeys:Host=localhost", $"--Passkeys:Origins:0={AtLocalhost(Portal)}", $"--Passkeys:Origins:1={AtLocalhost(Console)}"] };
        await Broker.InitializeAsync();
        await File.WriteAllTextAsync(In("broker.pem"), Broker.Services.GetRequiredService<CertificateAuthority>().Certificate.ExportCertificatePem());
        await StartPortalAsync(Broker.Broker.Api());
        _console = ConsoleHost.Build([], builder => builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Console:Urls"] = Console, ["Console:CertificatePath"] = In("face.pem"), ["Console:CertificateKeyPath"] = In("face.key"),
            ["Console:BrokerAddress"] = Broker.Broker.ApiAddress, ["Console:BrokerCertificateAuthorityPath"] = In("broker.pem"), ["Serilog:MinimumLevel:Default"] = "Warning",
        }));
        await _console.StartAsync();
        _playwright = await Playwright.CreateAsync();
        _chromium = await HeadlessChromium.LaunchAsync(_playwright);
    }

    public async ValueTask DisposeAsync()
    {
        if (_chromium is not null) await _chromium.DisposeAsync();
        _playwright?.Dispose();
        if (_console is not null) await _console.DisposeAsync();
        if (_portal is not null) await _portal.DisposeAsync();
        if (Broker is not null) await Broker.DisposeAsync();
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A page of a profile of its own.</summary>
    internal async Task<IPage> OpenAsync(string language = "pt-PT", bool script = true, int width = 1280)
    {
        var context = await _chromium!.NewContextAsync(new() { IgnoreHTTPSErrors = true, JavaScriptEnabled = script, Locale = language, ViewportSize = new() { Width = width, Height = 800 } });
        context.SetDefaultTimeout(60_000);
        Assertions.SetDefaultExpectTimeout(60_000);
        return await context.NewPageAsync();
    }

    /// <summary>An address of numbers has no passkeys.</summary>
    internal static string AtLocalhost(string face) => face.Replace("127.0.0.1", "localhost", StringComparison.Ordinal);

    private async Task StartPortalAsync(GrpcChannel broker)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, new Uri(Portal).Port, listen => listen.UseHttps(X509Certificate2.CreateFromPemFile(In("face.pem"), In("face.key")))));
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Portal:KeyFolder"] = In("keys"), ["Logging:LogLevel:Default"] = "Warning" });
        // As the gateway does: the portal is given a way to the broker that trusts its authority.
        builder.Services.AddSingleton(new Employee.EmployeeClient(broker)).AddSingleton(new SecondStep.SecondStepClient(broker)).AddSingleton(new Factors.FactorsClient(broker)).AddSingleton(new ProviderSignIn.ProviderSignInClient(broker)).AddSingleton(new PasskeySignIn.PasskeySignInClient(broker));
        builder.Services.AddPortal(builder.Configuration);
        _portal = builder.Build();
        _portal.MapPortal();
        await _portal.StartAsync();
    }
}
