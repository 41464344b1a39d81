using System.Runtime.CompilerServices;
using Npgsql;
using Npgsql.Internal;

namespace Montalegre.Vdi.Broker.Storage;

/// <summary>
/// Keeps the driver from cancelling statements: at a time-out it only drops the connection. The setting made for that,
/// Cancellation Timeout = -1, skips the wait for the cancellation, and still sends it.
/// </summary>
/// <remarks>
/// A cancel request names the server process. Process 0 does not exist, so the server ignores it. The driver has no
/// public way; FailoverTests holds that this one works, and a driver without these members fails at the first connection.
/// </remarks>
#pragma warning disable NPG9001 // The connector's type may change with the driver's version, which is pinned.
internal static class NoCancelRequests
{
    public static void Apply(NpgsqlConnection connection) => SetProcess(Connector(connection), 0);

    public static Task ApplyAsync(NpgsqlConnection connection)
    {
        Apply(connection);
        return Task.CompletedTask;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Connector")]
    private static extern NpgsqlConnector Connector(NpgsqlConnection connection);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_BackendProcessId")]
    private static extern void SetProcess(NpgsqlConnector connector, int process);
}
