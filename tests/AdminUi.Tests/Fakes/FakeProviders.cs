using Grpc.Core;
using Montalegre.Vdi.Contracts.Identity.V1;

namespace Montalegre.Vdi.AdminUi.Tests.Fakes;

/// <summary>Nobody signs in with a provider here; the tests of the broker do, at a real one.</summary>
internal sealed class FakeProviders : ProviderSignIn.ProviderSignInBase
{
    public override Task<ListSignInProvidersResponse> List(ListSignInProvidersRequest request, ServerCallContext context) => Task.FromResult(new ListSignInProvidersResponse());
}
