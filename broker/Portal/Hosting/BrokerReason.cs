using System.Security.Cryptography;
using Grpc.Core;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Portal.Hosting;

/// <summary>The public reason of a failed question: what the broker named in its trailers, else what the status allows to say.</summary>
internal static class BrokerReason
{
    public static Reason Of(RpcException e) => new()
    {
        Code = Named(e) ?? e.StatusCode switch
        {
            StatusCode.PermissionDenied => ReasonCode.NotAllowed,
            StatusCode.NotFound => ReasonCode.NotFound,
            StatusCode.ResourceExhausted => ReasonCode.TooManyConnections,
            _ => NeverArrived(e) ? ReasonCode.BrokerUnavailable : ReasonCode.Internal,
        },
        Detail = e.Trailers.GetValue("reason-detail") ?? "",
        Reference = e.Trailers.GetValue("reference") ?? NewReference(),
    };

    /// <summary>The code the broker named itself; null when the failure is not a refusal of its own.</summary>
    public static ReasonCode? Named(RpcException e) =>
        e.Trailers.GetValue("reason") is { } name
        && ReasonReflection.Descriptor.EnumTypes.Single(t => t.Name == nameof(ReasonCode)).FindValueByName(name) is { } value
            ? (ReasonCode)value.Number : null;

    /// <summary>No answer of a broker at all: a refused handshake counts as absence, although gRPC calls it internal.</summary>
    public static bool NeverArrived(RpcException e) => e.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled
        || e.Status.DebugException is HttpRequestException;

    /// <summary>A reference of ours, for what the broker gave none to; it also stands in the portal's log.</summary>
    public static string NewReference() => $"P-{Convert.ToHexString(RandomNumberGenerator.GetBytes(4))}";
}
