using System.Collections.ObjectModel;
using System.Net;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Gateway.Enrolment;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Portal;
using Montalegre.Vdi.Gateway.RdpTcp;
using Montalegre.Vdi.Gateway.Tickets;
using Montalegre.Vdi.Portal.Hosting;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>The pages as a joined gateway serves them.</summary>
public sealed class PortalDoorTests
{
    [Fact]
    public async Task Joined_gateway_serves_the_portal_with_its_doors_certificate_and_trusts_only_its_authority()
    {
        var stop = TestContext.Current.CancellationToken;
        var folder = Directory.CreateTempSubdirectory("portal-door-").FullName;
        using var ours = Authority();
        using var foreign = Authority();
        await using var broker = await BrokerAsync(ours);
        await using var stranger = await BrokerAsync(foreign);

        await using var gateway = Gateway(folder, AddressOf(broker));
        await gateway.StartAsync(stop);
        using var client = Client(gateway);
        Assert.Equal("ok", await client.GetStringAsync("/health", stop));
        using var elsewhere = new HttpRequestMessage(HttpMethod.Get, "/sign-in") { Headers = { Host = "console.example" } };
        Assert.Equal(HttpStatusCode.BadRequest, (await client.SendAsync(elsewhere, stop)).StatusCode);      // AllowedHosts

        var early = await SignInAsync(client);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, early.StatusCode);      // not joined yet: said, not a crash

        Identity(ours).Save(folder);
        Assert.Equal(HttpStatusCode.SeeOther, (await SignInAsync(client)).StatusCode);

        var portal = gateway.Services.GetRequiredService<IOptions<PortalOptions>>().Value;
        var door = gateway.Services.GetRequiredService<DoorCertificate>().Options.ServerCertificateContext!.TargetCertificate;
        Assert.Equal(door.GetCertHashString(HashAlgorithmName.SHA256), portal.RdpCertificateSha256);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.Combine(folder, "portal-keys")));

        await using var misled = Gateway(folder, AddressOf(stranger));
        await misled.StartAsync(stop);
        using var other = Client(misled);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await SignInAsync(other)).StatusCode);

        await misled.StopAsync(stop);
        await gateway.StopAsync(stop);
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<HttpResponseMessage> SignInAsync(HttpClient client) =>
        await PortalRig.PostAsync(client, "/sign-in", "/sign-in", ("user", "maria"), ("password", FakeBroker.Password));

    private static WebApplication Gateway(string folder, Uri broker)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Gateway:StateDirectory"] = folder,
            ["Gateway:Name"] = "localhost",
            ["AllowedHosts"] = "localhost",
            ["Gateway:RdpListen"] = "127.0.0.1:0",
            ["Gateway:Portal:Listen"] = "127.0.0.1:0",
            ["Portal:Broker"] = broker.ToString(),
            ["Portal:BrokerDeadline"] = "00:01:00",
        });
        builder.Services.AddSingleton<ITicketRedeemer>(new Fakes.FakeRedeemer());
        builder.Services.AddRdpDoor();
        builder.AddPortalDoor();
        var app = builder.Build();
        app.MapGet("/health", () => "ok");
        app.MapPortalDoor();
        return app;
    }

    private static async Task<WebApplication> BrokerAsync(X509Certificate2 authority)
    {
        var leaf = Issue(authority, JoinDocument.BrokerServerName);
        var context = New(leaf, new ReadOnlyCollection<X509Certificate2>([authority]), null);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.UseHttps(new TlsHandshakeCallbackOptions
            {
                OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
                {
                    ServerCertificateContext = context, ApplicationProtocols = [SslApplicationProtocol.Http2],
                }),
            });
        }));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(new FakeBroker());
        var app = builder.Build();
        app.MapGrpcService<FakeBroker>();
        await app.StartAsync();
        return app;
    }

    private static GatewayIdentity Identity(X509Certificate2 authority)
    {
        var certificate = Issue(authority, "gateway");
        return new GatewayIdentity("gateway", new Uri("https://127.0.0.1:1"), Convert.ToHexString(SHA256.HashData(authority.RawData)), certificate);
    }

    private static X509Certificate2 Authority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=authority {Guid.NewGuid()}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(2));
    }

    private static X509Certificate2 Issue(X509Certificate2 authority, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new("1.3.6.1.5.5.7.3.1")], false));
        using var made = request.Create(authority, DateTimeOffset.UtcNow.AddMinutes(-30), DateTimeOffset.UtcNow.AddDays(1), RandomNumberGenerator.GetBytes(8));
        return made.CopyWithPrivateKey(key);
    }

    private static Uri AddressOf(WebApplication app) =>
        new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    private static HttpClient Client(WebApplication gateway)
    {
        var trusted = gateway.Services.GetRequiredService<DoorCertificate>().Options.ServerCertificateContext!.TargetCertificate.GetCertHashString();
        return new HttpClient(new HttpClientHandler
        {
            AllowAutoRedirect = false,
            ServerCertificateCustomValidationCallback = (_, certificate, _, _) => certificate?.GetCertHashString() == trusted,
        })
        {
            BaseAddress = new Uri($"https://localhost:{AddressOf(gateway).Port}"),
        };
    }

    // As the real broker does: its handshake shows the authority too, which the public constructor leaves out.
    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    private static extern SslStreamCertificateContext New(X509Certificate2 target, ReadOnlyCollection<X509Certificate2> intermediates, SslCertificateTrust? trust);
}
