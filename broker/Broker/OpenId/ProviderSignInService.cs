using Grpc.Core;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Identity.SecondFactor;
using Montalegre.Vdi.Contracts.Identity.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.OpenId;

/// <summary>The gRPC and REST face of signing in with a provider, for portal and console alike.</summary>
internal sealed class ProviderSignInService(OidcStore providers, BeginProviderSignIn begin, FinishProviderSignIn finish, ProviderSignOut signOut, SourceAddress sources) : ProviderSignIn.ProviderSignInBase
{
    private const string WayBack = "/sign-in/back";
    private const int LongestAddress = 500;
    private const int LongestBack = 2048;

    public override async Task<ListSignInProvidersResponse> List(ListSignInProvidersRequest request, ServerCallContext context) =>
        new() { Providers = { (await providers.NamesAsync()).Select(p => new SignInProvider { ProviderId = p.Id.ToString(), Name = p.Name }) } };

    public override async Task<BeginProviderSignInResponse> Begin(BeginProviderSignInRequest request, ServerCallContext context)
    {
        var provider = Ids.Parse(request.ProviderId, "provider_id");
        if (request.Back.Length > LongestBack) throw Refusal.Refused(RefusalReason.InvalidField, "back");
        var audience = request.Console ? Audience.Administrator : Audience.Employee;
        try
        {
            var (address, browser) = await begin.RunAsync(provider, audience, Address(request.RedirectUri, WayBack), request.Back, request.Browser, request.Fresh, sources.Of(context, request.ClientAddress), context.CancellationToken);
            return new() { Address = address, Browser = browser };
        }
        catch (OidcFailure e) { throw Refusal.Refused(e.Reason, e.Detail); }
    }

    public override async Task<FinishProviderSignInResponse> Finish(FinishProviderSignInRequest request, ServerCallContext context)
    {
        var returned = new Returned(request.State, request.Code, request.Error, request.Issuer, request.Browser);
        var (outcome, back) = await finish.RunAsync(returned, sources.Of(context, request.ClientAddress), request.ClientName, context.CancellationToken);
        return outcome switch
        {
            SignInOutcome.SignedIn done => new() { SignedIn = done.ToMessage(), Back = back },
            SignInOutcome.SecondStep step => new() { SecondStep = step.ToMessage(), Back = back },
            SignInOutcome.Refused refused => throw Refusal.Refused(refused.Reason, refused.Detail),
            _ => throw new InvalidOperationException($"unknown outcome {outcome}"),
        };
    }

    public override async Task<ProviderSignOutResponse> SignOut(ProviderSignOutRequest request, ServerCallContext context) =>
        new() { Address = await signOut.RunAsync(context.Caller(), Address(request.RedirectUri, "/sign-in/left"), context.CancellationToken) };

    public override async Task<BackChannelLogOutResponse> LogOut(BackChannelLogOutRequest request, ServerCallContext context) =>
        await signOut.RunAsync(request.LogoutToken, context.CancellationToken) is { } ended ? new() { Ended = (uint)ended } : throw Refusal.Refused(RefusalReason.InvalidField, "logout_token");

    // The provider decides which hosts are ours; nothing but the two pages of a face is asked of it.
    private static string Address(string said, string path) =>
        said.Length <= LongestAddress && Uri.TryCreate(said, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps && uri.AbsolutePath == path && uri.Query.Length == 0 && uri.Fragment.Length == 0 && uri.UserInfo.Length == 0
            ? said
            : throw Refusal.Refused(RefusalReason.InvalidField, $"redirect_uri: https and {path}");
}
