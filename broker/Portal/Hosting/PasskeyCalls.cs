using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Identity.V1;

namespace Montalegre.Vdi.Portal.Hosting;

/// <summary>Questions to the broker about passkeys: of who signs in, of a sign-in that is half done, and of the person of this request.</summary>
internal sealed class PasskeyCalls(IServiceProvider services, IOptions<PortalOptions> options, TimeProvider time)
{
    private readonly LastAnswer<string> _place = new(knownFor: TimeSpan.FromMinutes(1), patience: TimeSpan.FromSeconds(1), none: "");

    // Asked for at each call: before a gateway has joined there are none, and the page with the password stands all the same.
    private PasskeySignIn.PasskeySignInClient Alone => services.GetRequiredService<PasskeySignIn.PasskeySignInClient>();
    private SecondStep.SecondStepClient Steps => services.GetRequiredService<SecondStep.SecondStepClient>();
    private Contracts.Identity.V1.Factors.FactorsClient Factors => services.GetRequiredService<Contracts.Identity.V1.Factors.FactorsClient>();

    /// <summary>Whether a page at this address may ask for passkeys. A broker that does not answer costs the button at most.</summary>
    public async Task<bool> AreOfferedAsync(HttpContext http)
    {
        var host = await _place.GetAsync(time, http, async call => (await Alone.GetPlaceAsync(new(), call)).Host);
        var here = http.Request.Host.Host;
        return host.Length > 0 && (here == host || here.EndsWith('.' + host, StringComparison.Ordinal));
    }

    public async Task<PasskeyQuestion> BeginAsync(HttpContext http) =>
        await Alone.BeginAsync(new() { ClientAddress = BrokerCalls.AddressOf(http) }, deadline: Deadline(), cancellationToken: http.RequestAborted);

    public async Task<StepDone> SignInAsync(HttpContext http, string challenge, string answer) => await Alone.SignInAsync(
        new() { Challenge = challenge, Answer = answer, ClientAddress = BrokerCalls.AddressOf(http), ClientName = BrowserName.Of(http.Request.Headers.UserAgent.ToString()) },
        deadline: Deadline(), cancellationToken: http.RequestAborted);

    public async Task<PasskeyQuestion> BeginStepAsync(HttpContext http, string step) =>
        await Steps.BeginPasskeyAsync(new() { Step = step }, deadline: Deadline(), cancellationToken: http.RequestAborted);

    public async Task<StepDone> ProveAsync(HttpContext http, string step, string answer) =>
        await Steps.ProvePasskeyAsync(new() { Step = step, Answer = answer, ClientAddress = BrokerCalls.AddressOf(http) }, deadline: Deadline(), cancellationToken: http.RequestAborted);

    public async Task<PasskeyQuestion> BeginNewAsync(HttpContext http, string step) =>
        await Steps.BeginNewPasskeyAsync(new() { Step = step }, deadline: Deadline(), cancellationToken: http.RequestAborted);

    public async Task<StepDone> EnrolAsync(HttpContext http, string step, string answer, string name) =>
        await Steps.EnrolPasskeyAsync(new() { Step = step, Answer = answer, Name = name, ClientAddress = BrokerCalls.AddressOf(http) }, deadline: Deadline(), cancellationToken: http.RequestAborted);

    public async Task<PasskeyQuestion> BeginOwnAsync(HttpContext http) =>
        await Factors.BeginPasskeyAsync(new(), await BrokerCalls.ProofAsync(http), Deadline(), http.RequestAborted);

    public async Task<IReadOnlyList<string>> AddAsync(HttpContext http, string answer, string name) =>
        (await Factors.AddPasskeyAsync(new() { Answer = answer, Name = name }, await BrokerCalls.ProofAsync(http), Deadline(), http.RequestAborted)).Codes;

    public async Task RenameAsync(HttpContext http, string passkey, string name) =>
        await Factors.RenamePasskeyAsync(new() { PasskeyId = passkey, Name = name }, await BrokerCalls.ProofAsync(http), Deadline(), http.RequestAborted);

    public async Task RemoveAsync(HttpContext http, string passkey) =>
        await Factors.RemovePasskeyAsync(new() { PasskeyId = passkey }, await BrokerCalls.ProofAsync(http), Deadline(), http.RequestAborted);

    private DateTime Deadline() => time.GetUtcNow().UtcDateTime + options.Value.BrokerDeadline;
}
