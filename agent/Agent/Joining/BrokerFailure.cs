using System.Security.Authentication;
using Grpc.Core;

namespace Montalegre.Vdi.Agent.Joining;

/// <summary>Reads a failed call: what to tell the operator, and whether the broker refused this machine's certificate.</summary>
internal static class BrokerFailure
{
    public static bool IsRefusal(Exception e) => e is RpcException
    {
        StatusCode: StatusCode.PermissionDenied or StatusCode.Unauthenticated,
    };

    public static string Sentence(Exception e) => e switch
    {
        RpcException rpc when rpc.Trailers.GetValue("reason") is { Length: > 0 } reason => $"{rpc.StatusCode}, reason {reason}",
        RpcException rpc when Inner<AuthenticationException>(rpc) is not null => "the other end did not prove to be the broker named in the join document",
        RpcException rpc => $"{rpc.StatusCode}, {rpc.Status.Detail}",
        OperationCanceledException => "it took too long",
        _ => e.Message,
    };

    private static T? Inner<T>(RpcException rpc)
        where T : Exception
    {
        for (var e = rpc.Status.DebugException ?? rpc.InnerException; e is not null; e = e.InnerException)
        {
            if (e is T found) return found;
        }
        return null;
    }
}
