using System.Net;
using System.Net.Sockets;
using Montalegre.Vdi.Native.Posix;
using Montalegre.Vdi.Rig.Clients;
using Montalegre.Vdi.Rig.Postgres;

namespace Montalegre.Vdi.Rig.Networks;

/// <summary>
/// A small town hall's network in a namespace of its own: a bridge, a DHCP server, and nothing that leads out. Root only.
/// </summary>
public sealed class TestNetwork : IAsyncDisposable
{
    private readonly string _leases;
    private OwnProcess? _dhcp;

    private TestNetwork(string name, string folder) => (Name, _leases) = (name, Path.Combine(folder, "leases"));

    /// <summary>The namespace, for <c>ip netns exec</c>.</summary>
    public string Name { get; }

    /// <summary>The bridge that machines are plugged into.</summary>
    public string Bridge => "br0";

    /// <summary>The servers' address on that bridge.</summary>
    public string Address => "10.77.0.1";

    /// <summary>Makes the namespace and starts the DHCP server.</summary>
    /// <param name="name">At most 15 characters.</param>
    /// <param name="folder">For the leases; must exist.</param>
    public static async Task<TestNetwork> StartAsync(string name, string folder)
    {
        var network = new TestNetwork(name, folder);
        await Run.ToEndAsync("/usr/sbin/ip", ["netns", "add", name]);
        try
        {
            await network.IpAsync("link", "set", "lo", "up");
            await network.IpAsync("link", "add", network.Bridge, "type", "bridge", "forward_delay", "0");
            await network.IpAsync("address", "add", $"{network.Address}/24", "dev", network.Bridge);
            await network.IpAsync("link", "set", network.Bridge, "up");
            network._dhcp = OwnProcess.Start("/usr/sbin/ip",
            [
                "netns", "exec", name, "/usr/sbin/dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--user=root", "--pid-file=", "--port=0", $"--interface={network.Bridge}",
                "--bind-interfaces", "--dhcp-range=10.77.0.50,10.77.0.99,1h", "--dhcp-authoritative", $"--dhcp-leasefile={network._leases}", "--log-facility=-",
            ]);
            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    /// <summary>The address that the DHCP server gave to a network card, or null.</summary>
    public string? LeaseOf(string mac) => File.Exists(_leases)
        ? File.ReadLines(_leases).Select(line => line.Split(' ')).FirstOrDefault(lease => lease.Length > 2 && lease[1].Equals(mac, StringComparison.OrdinalIgnoreCase))?[2]
        : null;

    /// <summary>Names of the network cards that are plugged into the bridge.</summary>
    public async Task<IReadOnlyList<string>> PluggedInAsync() =>
        [.. (await IpAsync("-o", "link", "show", "master", Bridge)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(": ")[1])];

    /// <summary>Connects from inside the namespace.</summary>
    public async ValueTask<Stream> ConnectAsync(DnsEndPoint to, CancellationToken ct)
    {
        var socket = NetworkNamespace.Inside(Name, () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
        try
        {
            await socket.ConnectAsync(IPAddress.Parse(to.Host), to.Port, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (_dhcp is not null) await _dhcp.DisposeAsync();
        await Run.ToEndAsync("/usr/sbin/ip", ["netns", "delete", Name]);
    }

    private Task<string> IpAsync(params string[] arguments) => Run.ToEndAsync("/usr/sbin/ip", ["-n", Name, .. arguments]);
}
