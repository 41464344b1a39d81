using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Identity.V1;

namespace Montalegre.Vdi.Portal.Hosting;

/// <summary>Questions to the broker about signing in with a certificate.</summary>
internal sealed class CertificateCalls(IServiceProvider services, IOptions<PortalOptions> options, TimeProvider time)
{
    private readonly LastAnswer<bool> _offered = new(knownFor: TimeSpan.FromSeconds(10), patience: TimeSpan.FromSeconds(1), none: false);

    // Asked for at each call: before a gateway has joined there is none, and the page with the password stands all the same.
    private CertificateSignIn.CertificateSignInClient Broker => services.GetRequiredService<CertificateSignIn.CertificateSignInClient>();

    /// <summary>Whether there is somewhere to show one and somebody who takes it. A broker that does not answer costs the button at most.</summary>
    public async Task<bool> AreOfferedAsync(HttpContext http) =>
        options.Value.CertificateAddress.Length > 0 && await _offered.GetAsync(time, http, async call => (await Broker.GetPlaceAsync(new(), call)).Offered);

    public async Task<BeginCertificateSignInResponse> BeginAsync(HttpContext http, string back, string browser) =>
        await Broker.BeginAsync(new() { Back = back, Browser = browser, ClientAddress = BrokerCalls.AddressOf(http) }, deadline: Deadline(), cancellationToken: http.RequestAborted);

    // Not given up with the request: what the browser brought is good once.
    public async Task<FinishCertificateSignInResponse> FinishAsync(HttpContext http, string handOver, string browser) => await Broker.FinishAsync(
        new() { HandOver = handOver, Browser = browser, ClientAddress = BrokerCalls.AddressOf(http), ClientName = BrowserName.Of(http.Request.Headers.UserAgent.ToString()) }, deadline: Deadline());

    /// <summary>Where this browser shows its certificate.</summary>
    public string PlaceOf(HttpContext http) =>
        options.Value.CertificateAddress is [':', ..] port ? $"https://{http.Request.Host.Host}{port}" : options.Value.CertificateAddress.TrimEnd('/');

    private DateTime Deadline() => time.GetUtcNow().UtcDateTime + options.Value.BrokerDeadline;
}
