using Grpc.Core;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Cli;

/// <summary>A name that is in no list is refused like the broker refuses an unknown id.</summary>
internal static class Unknown
{
    public static RpcException Object(ReasonCode code, string name) =>
        new(new Status(StatusCode.NotFound, name), new Metadata { { "reason", ReasonTexts.Name(code) }, { "reason-detail", name } });
}
