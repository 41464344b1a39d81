using Grpc.Core;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.AdminUi.Tests.Fakes;

/// <summary>Authorities of the fake broker, whose tests judge real certificates.</summary>
internal sealed class FakeCertificateAuthorities(FakeWorld world) : CertificateAuthorities.CertificateAuthoritiesBase
{
    public override Task<ListCertificateAuthoritiesResponse> List(ListCertificateAuthoritiesRequest request, ServerCallContext context)
    {
        world.Demand(context);
        return Task.FromResult(new ListCertificateAuthoritiesResponse { Authorities = { world.CertificateAuthorities } });
    }

    public override Task<CertificateAuthority> Save(SaveCertificateAuthorityRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var saved = request.Authority;
        if (saved.Pattern == "(") throw FakeWorld.Refuse(StatusCode.InvalidArgument, ReasonCode.InvalidField, "pattern: not enough )");
        if (saved.AuthorityId.Length == 0) saved.AuthorityId = $"ca-{world.CertificateAuthorities.Count + 1}";
        world.CertificateAuthorities.RemoveAll(a => a.AuthorityId == saved.AuthorityId);
        world.CertificateAuthorities.Add(saved);
        return Task.FromResult(saved);
    }

    public override Task<TestCertificateResponse> Test(TestCertificateRequest request, ServerCallContext context)
    {
        world.Demand(context);
        return Task.FromResult(new TestCertificateResponse { Authority = "Cartão de Cidadão", Value = "BI00000000", Reason = ReasonCode.CertificateUnknown });
    }

    public override Task<RemoveCertificateAuthorityResponse> Remove(RemoveCertificateAuthorityRequest request, ServerCallContext context)
    {
        world.Demand(context);
        world.CertificateAuthorities.RemoveAll(a => a.AuthorityId == request.AuthorityId);
        return Task.FromResult(new RemoveCertificateAuthorityResponse());
    }

    public override Task<ListCertificateLinksResponse> ListLinks(ListCertificateLinksRequest request, ServerCallContext context)
    {
        world.Demand(context);
        return Task.FromResult(new ListCertificateLinksResponse { Links = { world.CertificateLinks } });
    }

    public override Task<LinkCertificateResponse> Link(LinkCertificateRequest request, ServerCallContext context)
    {
        world.Demand(context);
        world.CertificateLinks.RemoveAll(l => l.Value == request.Value);
        if (request.UserName.Length > 0) world.CertificateLinks.Add(new() { Value = request.Value, UserName = request.UserName });
        return Task.FromResult(new LinkCertificateResponse());
    }
}
