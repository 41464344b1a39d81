using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Identity.V1;

namespace Montalegre.Vdi.Portal.Hosting;

/// <summary>Questions to the broker about second factors: of a sign-in that is half done, and of the person of this request.</summary>
internal sealed class FactorCalls(SecondStep.SecondStepClient steps, Factors.FactorsClient factors, IOptions<PortalOptions> options, TimeProvider time)
{
    public async Task<PendingStep> StepAsync(HttpContext http, string step) =>
        await steps.GetAsync(new() { Step = step }, deadline: Deadline(), cancellationToken: http.RequestAborted);

    public async Task<StepDone> ProveAsync(HttpContext http, string step, string code) =>
        await steps.ProveAsync(new() { Step = step, Code = code, ClientAddress = BrokerCalls.AddressOf(http) }, deadline: Deadline(), cancellationToken: http.RequestAborted);

    public async Task<TotpEnrolment> EnrolAsync(HttpContext http, string step) =>
        await steps.EnrolTotpAsync(new() { Step = step }, deadline: Deadline(), cancellationToken: http.RequestAborted);

    public async Task<StepDone> ConfirmAsync(HttpContext http, string step, string code) =>
        await steps.ConfirmTotpAsync(new() { Step = step, Code = code, ClientAddress = BrokerCalls.AddressOf(http) }, deadline: Deadline(), cancellationToken: http.RequestAborted);

    public async Task<FactorList> ListAsync(HttpContext http) =>
        await factors.ListAsync(new(), await BrokerCalls.ProofAsync(http), Deadline(), http.RequestAborted);

    public async Task<TotpEnrolment> EnrolOwnAsync(HttpContext http) =>
        await factors.EnrolTotpAsync(new(), await BrokerCalls.ProofAsync(http), Deadline(), http.RequestAborted);

    public async Task<IReadOnlyList<string>> ConfirmOwnAsync(HttpContext http, string code) =>
        (await factors.ConfirmTotpAsync(new() { Code = code }, await BrokerCalls.ProofAsync(http), Deadline(), http.RequestAborted)).Codes;

    public async Task RemoveAppAsync(HttpContext http) =>
        await factors.RemoveTotpAsync(new(), await BrokerCalls.ProofAsync(http), Deadline(), http.RequestAborted);

    public async Task<IReadOnlyList<string>> RenewCodesAsync(HttpContext http) =>
        (await factors.RenewRecoveryCodesAsync(new(), await BrokerCalls.ProofAsync(http), Deadline(), http.RequestAborted)).Codes;

    private DateTime Deadline() => time.GetUtcNow().UtcDateTime + options.Value.BrokerDeadline;
}
