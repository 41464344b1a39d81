using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Identity.V1;

namespace Montalegre.Vdi.Portal.Hosting;

/// <summary>Questions to the broker about signing in with a provider.</summary>
internal sealed class ProviderCalls(IServiceProvider services, IOptions<PortalOptions> options, TimeProvider time, ILogger<ProviderCalls> log)
{
    // A sign-in page must not wait long for its buttons, nor ask for them each time.
    private readonly LastAnswer<IReadOnlyList<SignInProvider>> _providers = new(knownFor: TimeSpan.FromSeconds(10), patience: TimeSpan.FromSeconds(2), none: []);

    // Asked for at each call: before a gateway has joined there is none, and the page with the password stands all the same.
    private ProviderSignIn.ProviderSignInClient Broker => services.GetRequiredService<ProviderSignIn.ProviderSignInClient>();

    /// <summary>Those it told last when the broker cannot tell, or none: the page is there for passwords, too.</summary>
    public Task<IReadOnlyList<SignInProvider>> ListAsync(HttpContext http) => _providers.GetAsync(time, http, async call => (await Broker.ListAsync(new(), call)).Providers, log.NoProviders);

    public async Task<BeginProviderSignInResponse> BeginAsync(HttpContext http, string provider, string back, string browser, bool fresh) => await Broker.BeginAsync(
        new() { ProviderId = provider, RedirectUri = Here(http, "/sign-in/back"), Back = back, Browser = browser, Fresh = fresh, ClientAddress = BrokerCalls.AddressOf(http) }, deadline: Deadline(), cancellationToken: http.RequestAborted);

    // Not given up with the request: a code is good once.
    public async Task<FinishProviderSignInResponse> FinishAsync(HttpContext http, FinishProviderSignInRequest returned)
    {
        returned.ClientAddress = BrokerCalls.AddressOf(http);
        returned.ClientName = BrowserName.Of(http.Request.Headers.UserAgent.ToString());
        return await Broker.FinishAsync(returned, deadline: Deadline());
    }

    /// <summary>Ends the sign-in of this request. Where the browser signs out of the provider; empty: nowhere.</summary>
    public async Task<string> SignOutAsync(HttpContext http) =>
        (await Broker.SignOutAsync(new() { RedirectUri = Here(http, "/sign-in/left") }, await BrokerCalls.ProofAsync(http), Deadline())).Address;

    /// <summary>Hands a provider's logout token on.</summary>
    public async Task LogOutAsync(HttpContext http, string token) => await Broker.LogOutAsync(new() { LogoutToken = token }, deadline: Deadline(), cancellationToken: http.RequestAborted);

    private static string Here(HttpContext http, string path) => $"https://{http.Request.Host}{path}";

    // The broker asks the provider meanwhile, twice or three times.
    private DateTime Deadline() => time.GetUtcNow().UtcDateTime + options.Value.BrokerDeadline * 3;
}
