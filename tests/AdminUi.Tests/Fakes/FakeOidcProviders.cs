using Grpc.Core;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.AdminUi.Tests.Fakes;

/// <summary>Providers of the fake broker; what trying one says is the test's.</summary>
internal sealed class FakeOidcProviders(FakeWorld world) : OidcProviders.OidcProvidersBase
{
    public override Task<ListOidcProvidersResponse> List(ListOidcProvidersRequest request, ServerCallContext context)
    {
        world.Demand(context);
        return Task.FromResult(new ListOidcProvidersResponse { Providers = { world.Providers } });
    }

    public override Task<TestOidcProviderResponse> Test(TestOidcProviderRequest request, ServerCallContext context)
    {
        world.Demand(context);
        world.Calls.Enqueue($"test-provider {request.Provider.Issuer}");
        return Task.FromResult(world.ProviderTest);
    }

    public override Task<OidcProvider> Save(SaveOidcProviderRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var saved = request.Provider;
        var before = world.Providers.FirstOrDefault(p => p.ProviderId == saved.ProviderId);
        if (request.ClientSecret.Length == 0 && before is not null && before.Issuer != saved.Issuer) throw FakeWorld.Refuse(StatusCode.InvalidArgument, ReasonCode.InvalidField, "client_secret: enter it again when issuer, authorities or client change");
        if (saved.ProviderId.Length == 0) saved.ProviderId = $"o-{world.Providers.Count + 1}";
        world.Providers.RemoveAll(p => p.ProviderId == saved.ProviderId);
        world.Providers.Add(saved);
        world.Calls.Enqueue($"save-provider {saved.Name} {saved.Issuer} {string.Join(' ', saved.Groups.Select(g => $"{g.Value}={g.Name}"))}");
        return Task.FromResult(saved);
    }

    public override Task<RemoveOidcProviderResponse> Remove(RemoveOidcProviderRequest request, ServerCallContext context)
    {
        world.Demand(context);
        world.Providers.RemoveAll(p => p.ProviderId == request.ProviderId);
        return Task.FromResult(new RemoveOidcProviderResponse());
    }
}
