using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Tests.Directories;

namespace Montalegre.Vdi.Broker.Tests.Alerts;

/// <summary>One request as it came.</summary>
internal sealed record Received(string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body);

/// <summary>A web server on loopback with TLS that keeps what is posted to it, and answers as it is told.</summary>
internal sealed class WebReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly List<Received> _requests = [];

    private WebReceiver(WebApplication app) => _app = app;

    public LdapAuthority Authority { get; private init; } = null!;

    public Func<HttpContext, Task> Answer { get; set; } = _ => Task.CompletedTask;

    public string Address => _app.Urls.Single();

    public IReadOnlyList<Received> Requests { get { lock (_requests) return [.. _requests]; } }

    public static async Task<WebReceiver> StartAsync()
    {
        var authority = new LdapAuthority("Recetor");
        var folder = Directory.CreateTempSubdirectory("web-").FullName;
        authority.Issue(Path.Combine(folder, "c.pem"), Path.Combine(folder, "k.pem"), IPAddress.Loopback);
        var builder = WebApplication.CreateEmptyBuilder(new());
        using var certificate = X509Certificate2.CreateFromPemFile(Path.Combine(folder, "c.pem"), Path.Combine(folder, "k.pem"));
        var served = X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
        Directory.Delete(folder, recursive: true);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.UseHttps(served)));
        var receiver = new WebReceiver(builder.Build()) { Authority = authority };
        receiver._app.Run(receiver.TakeAsync);
        await receiver._app.StartAsync();
        return receiver;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        Authority.Dispose();
    }

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        lock (_requests) _requests.Add(new(context.Request.Path, context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString()), body.ToArray()));
        await Answer(context);
    }
}
