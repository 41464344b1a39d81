using System.Net;
using Montalegre.Vdi.Rig.Postgres;

namespace Montalegre.Vdi.Gateway.Tests.Fakes;

/// <summary>A network namespace with one client's end of a cable, whose other end is here. Root only.</summary>
internal sealed class CutCable : IAsyncDisposable
{
    // Kept apart by this process's id: other test programs may run beside.
    private readonly string _here = $"gwcut{Environment.ProcessId}";

    private CutCable() { }

    /// <summary>The namespace that clients connect from.</summary>
    public string Network { get; } = $"gwcut{Environment.ProcessId}";

    /// <summary>Where a gateway listens for them.</summary>
    public static IPAddress Address => IPAddress.Parse("10.77.9.1");

    public static async Task<CutCable> LayAsync()
    {
        var cable = new CutCable();
        await IpAsync("netns", "add", cable.Network);
        try
        {
            await IpAsync("link", "add", cable._here, "type", "veth", "peer", "name", "eth0", "netns", cable.Network);
            await IpAsync("address", "add", $"{Address}/30", "dev", cable._here);
            await IpAsync("link", "set", cable._here, "up");
            await IpAsync("-n", cable.Network, "address", "add", "10.77.9.2/30", "dev", "eth0");
            await IpAsync("-n", cable.Network, "link", "set", "eth0", "up");
            return cable;
        }
        catch
        {
            await cable.DisposeAsync();
            throw;
        }
    }

    /// <summary>From now on nothing passes, and nobody is told.</summary>
    public Task CutAsync() => IpAsync("-n", Network, "link", "set", "eth0", "down");

    public async ValueTask DisposeAsync() => await IpAsync("netns", "delete", Network);      // both ends go with it

    private static Task IpAsync(params string[] arguments) => Run.ToEndAsync("/usr/sbin/ip", arguments);
}
