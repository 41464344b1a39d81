using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Hosting;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Gateways;
using Montalegre.Vdi.Flows;
using Montalegre.Vdi.Rig;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Broker.Tests.ClientCertificates;

/// <summary>A whole broker, a gateway as the process that ships, the console, and one Chromium with certificates.</summary>
public sealed class CertificateFaces(TestCluster cluster) : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cards-").FullName;
    private readonly CardAuthority _servers = new("Servidores");
    private readonly List<string> _said = [];
    private Process? _gateway;
    private WebApplication? _console;
    private IPlaywright? _playwright;
    private IBrowser? _chromium;

    internal CertificateBroker Broker { get; } = new(cluster);

    internal string Portal { get; } = $"https://localhost:{LoopbackPorts.Free()}";

    internal string Cards { get; } = $"https://localhost:{LoopbackPorts.Free()}";

    internal string Console { get; } = $"https://localhost:{LoopbackPorts.Free()}";

    private string In(string name) => Path.Combine(_folder, name);

    public async ValueTask InitializeAsync()
    {
        _servers.IssueServer(In("face.pem"), In("face.key"));
        await Broker.InitializeAsync();
        await Broker.SaveAsync();
        var authority = Broker.Broker.Services.GetRequiredService<CertificateAuthority>().Certificate;
        await File.WriteAllTextAsync(In("broker.pem"), authority.ExportCertificatePem());
        await File.WriteAllTextAsync(In("token"), (await Broker.Broker.Services.GetRequiredService<CreateGatewayToken>().RunAsync("gateway-2", "127.0.0.1:3389", "test")).Token);
        StartGateway(authority.GetCertHashString(HashAlgorithmName.SHA256));
        _console = ConsoleHost.Build([], builder => builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Console:Urls"] = Console, ["Console:CertificatePath"] = In("face.pem"), ["Console:CertificateKeyPath"] = In("face.key"), ["Console:CertificateAddress"] = Cards,
            ["Console:BrokerAddress"] = Broker.Broker.ApiAddress, ["Console:BrokerCertificateAuthorityPath"] = In("broker.pem"), ["Serilog:MinimumLevel:Default"] = "Warning",
        }));
        await _console.StartAsync();
        using var http = Client();
        for (var tries = 0; ; tries++)
        {
            try
            {
                // Joined, too: only then does the page know of authorities, and it keeps for a while that there are none.
                if ((await http.GetStringAsync($"{Portal}/sign-in")).Contains("/sign-in/certificate", StringComparison.Ordinal)) break;
            }
            catch (HttpRequestException) { }
            if (tries > 1000 || _gateway!.HasExited) throw new InvalidOperationException($"The gateway does not answer: {Said()}");
            await Task.Delay(200);
        }
        _playwright = await Playwright.CreateAsync();
        _chromium = await HeadlessChromium.LaunchAsync(_playwright);
    }

    public async ValueTask DisposeAsync()
    {
        if (_chromium is not null) await _chromium.DisposeAsync();
        _playwright?.Dispose();
        if (_console is not null) await _console.DisposeAsync();
        if (_gateway is not null)
        {
            if (!_gateway.HasExited) _gateway.Kill();
            await _gateway.WaitForExitAsync();   // until then it may write into its folder
            _gateway.Dispose();
        }
        await Broker.DisposeAsync();
        _servers.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>What the gateway printed.</summary>
    internal string Said()
    {
        lock (_said) return string.Join('\n', _said);
    }

    /// <summary>A page of a profile of its own, which shows this certificate where it is asked for one.</summary>
    internal async Task<IPage> OpenAsync(X509Certificate2? certificate, string language = "pt-PT", bool script = true, int width = 1280)
    {
        var options = new BrowserNewContextOptions { IgnoreHTTPSErrors = true, JavaScriptEnabled = script, Locale = language, ViewportSize = new() { Width = width, Height = 800 } };
        if (certificate is not null)
        {
            var key = certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem();
            options.ClientCertificates = [new() { Origin = Cards, Cert = System.Text.Encoding.ASCII.GetBytes(certificate.ExportCertificatePem()), Key = System.Text.Encoding.ASCII.GetBytes(key) }];
        }
        var context = await _chromium!.NewContextAsync(options);
        context.SetDefaultTimeout(120_000);
        Assertions.SetDefaultExpectTimeout(120_000);
        return await context.NewPageAsync();
    }

    /// <summary>The button of a sign-in page. One that is drawn while the broker stands still has none, as it should, for some seconds: then it is drawn again.</summary>
    internal static async Task<ILocator> ButtonAsync(IPage page, string signIn)
    {
        var button = page.GetByRole(AriaRole.Link, new() { Name = "Entrar com cartão ou certificado" });
        await Storage.Eventually.IsTrueAsync(async () =>
        {
            await page.GotoAsync(signIn);
            return await button.CountAsync() == 1;
        }, $"{signIn} offers certificates");
        return button;
    }

    /// <summary>A client without script that shows this certificate wherever it is asked for one.</summary>
    internal static HttpClient Client(X509Certificate2? certificate = null)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer() };
        handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
        if (certificate is not null) handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate;
        return new(handler) { DefaultRequestHeaders = { { "Accept-Language", "pt-PT" } } };
    }

    private void StartGateway(string authority)
    {
        var program = Checkout.Path($"broker/Gateway/bin/{Builds.Configuration}/net10.0/Montalegre.Vdi.Gateway.dll");
        var start = new ProcessStartInfo("dotnet") { RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = "/" };
        foreach (var argument in (string[])
        [
            program, "--Gateway:Name=gateway-2", "--Gateway:RdpListen=127.0.0.1:0", $"--Gateway:StateDirectory={In("gateway")}", $"--Gateway:JoinTokenFile={In("token")}", $"--Gateway:BrokerEnrolment={Broker.Broker.ApiAddress}",
            $"--Gateway:BrokerChannel={Broker.Broker.ChannelAddress}", $"--Gateway:BrokerAuthoritySha256={authority}", $"--Gateway:CertificateFile={In("face.pem")}", $"--Gateway:CertificateKeyFile={In("face.key")}",
            $"--Portal:Broker={Broker.Broker.ApiAddress}", "--Portal:BrokerDeadline=00:01:00", $"--Gateway:Portal:Listen=[::]:{new Uri(Portal).Port}", $"--Gateway:Certificates:Listen=[::]:{new Uri(Cards).Port}", $"--Gateway:Certificates:Console={Console}",
        ]) start.ArgumentList.Add(argument);
        _gateway = Process.Start(start)!;
        _gateway.OutputDataReceived += (_, line) => Keep(line.Data);
        _gateway.ErrorDataReceived += (_, line) => Keep(line.Data);
        _gateway.BeginOutputReadLine();
        _gateway.BeginErrorReadLine();
    }

    private void Keep(string? line)
    {
        lock (_said)
        {
            if (line is not null) _said.Add(line);
        }
    }
}
