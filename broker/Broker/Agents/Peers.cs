using System.Net;
using Grpc.Core;

namespace Montalegre.Vdi.Broker.Agents;

/// <summary>Where a call really comes from.</summary>
internal static class Peers
{
    /// <summary>The caller's address without port, one spelling for one address.</summary>
    public static string Address(ServerCallContext context)
    {
        var address = context.GetHttpContext().Connection.RemoteIpAddress ?? IPAddress.None;
        return (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
    }
}
