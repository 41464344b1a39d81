using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Identity.V1;

namespace Montalegre.Vdi.Portal.Hosting;

/// <summary>Questions to the broker about signing in with a certificate.</summary>
internal sealed class CertificateCalls(IServiceProvider services, IOptions<PortalOptions> options, TimeProvider time)
{
    private static readonly TimeSpan KnownFor = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private volatile Known? _known;

    // Asked for at each call: before a gateway has joined there is none, and the page with the password stands all the same.
    private CertificateSignIn.CertificateSignInClient Broker => services.GetRequiredService<CertificateSignIn.CertificateSignInClient>();

    /// <summary>Whether there is somewhere to show one and somebody who takes it. A broker that does not answer costs the button at most.</summary>
    public async Task<bool> AreOfferedAsync(HttpContext http)
    {
        if (options.Value.CertificateAddress.Length == 0) return false;
        if (_known is { } known && time.GetElapsedTime(known.At) <= KnownFor) return known.Offered;
        return await AskAsync(http);
    }

    public async Task<BeginCertificateSignInResponse> BeginAsync(HttpContext http, string back, string browser) =>
        await Broker.BeginAsync(new() { Back = back, Browser = browser, ClientAddress = BrokerCalls.AddressOf(http) }, deadline: Deadline(), cancellationToken: http.RequestAborted);

    // Not given up with the request: what the browser brought is good once.
    public async Task<FinishCertificateSignInResponse> FinishAsync(HttpContext http, string handOver, string browser) => await Broker.FinishAsync(
        new() { HandOver = handOver, Browser = browser, ClientAddress = BrokerCalls.AddressOf(http), ClientName = BrowserName.Of(http.Request.Headers.UserAgent.ToString()) }, deadline: Deadline());

    /// <summary>Where this browser shows its certificate.</summary>
    public string PlaceOf(HttpContext http) =>
        options.Value.CertificateAddress is [':', ..] port ? $"https://{http.Request.Host.Host}{port}" : options.Value.CertificateAddress.TrimEnd('/');

    private async Task<bool> AskAsync(HttpContext http)
    {
        try
        {
            var offered = (await Broker.GetPlaceAsync(new(), deadline: time.GetUtcNow().UtcDateTime + Patience, cancellationToken: http.RequestAborted)).Offered;
            _known = new(offered, time.GetTimestamp());
            return offered;
        }
        // A late answer is no "no": the last one holds, and the next page asks again.
        catch (RpcException) when (!http.RequestAborted.IsCancellationRequested) { return _known?.Offered ?? false; }
    }

    private DateTime Deadline() => time.GetUtcNow().UtcDateTime + options.Value.BrokerDeadline;

    private sealed record Known(bool Offered, long At);
}
