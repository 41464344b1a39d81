using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.OpenId;

/// <summary>A sign-in with a provider that cannot go on; becomes a refusal.</summary>
internal sealed class OidcFailure(RefusalReason reason, string problem, string detail = "", Exception? inner = null) : Exception(problem, inner)
{
    public RefusalReason Reason { get; } = reason;

    /// <summary>For the person; never a secret, and nothing that the provider may choose freely.</summary>
    public string Detail { get; } = detail;

    /// <summary>What failed of what a provider says about itself.</summary>
    public OidcStep Step { get; init; }
}
