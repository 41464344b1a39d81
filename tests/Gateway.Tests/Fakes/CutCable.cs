using System.Net;
using Montalegre.Vdi.Rig.Postgres;

namespace Montalegre.Vdi.Gateway.Tests.Fakes;

/// <summary>A cable between two network namespaces. Root only.</summary>
/// <remarks>Neither end is in the computer's own network: browsers of other tests would see it change, and drop their requests.</remarks>
internal sealed class CutCable : IAsyncDisposable
{
    private CutCable() { }

    /// <summary>The namespace that clients connect from.</summary>
    public string Clients { get; } = $"gwcut{Environment.ProcessId}c";

    /// <summary>The namespace that the gateway listens in.</summary>
    public string Servers { get; } = $"gwcut{Environment.ProcessId}s";

    /// <summary>Where it listens there.</summary>
    public static IPAddress Address => IPAddress.Parse("10.77.9.1");

    public static async Task<CutCable> LayAsync()
    {
        var cable = new CutCable();
        await IpAsync("netns", "add", cable.Clients);
        await IpAsync("netns", "add", cable.Servers);
        try
        {
            await IpAsync("-n", cable.Servers, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", cable.Clients);
            await IpAsync("-n", cable.Servers, "address", "add", $"{Address}/30", "dev", "eth0");
            await IpAsync("-n", cable.Servers, "link", "set", "eth0", "up");
            await IpAsync("-n", cable.Clients, "address", "add", "10.77.9.2/30", "dev", "eth0");
            await IpAsync("-n", cable.Clients, "link", "set", "eth0", "up");
            return cable;
        }
        catch
        {
            await cable.DisposeAsync();
            throw;
        }
    }

    /// <summary>From now on nothing passes, and nobody is told.</summary>
    public Task CutAsync() => IpAsync("-n", Clients, "link", "set", "eth0", "down");

    public async ValueTask DisposeAsync()
    {
        await IpAsync("netns", "delete", Clients);
        await IpAsync("netns", "delete", Servers);
    }

    private static Task IpAsync(params string[] arguments) => Run.ToEndAsync("/usr/sbin/ip", arguments);
}
