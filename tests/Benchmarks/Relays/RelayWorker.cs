using System.Net.Security;
using System.Net.Sockets;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Benchmarks.Processes;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.RdpTcp;

namespace Montalegre.Vdi.Benchmarks.Relays;

/// <summary>The gateway's relay between two TLS streams made as its door and its machine leg make them.</summary>
internal static class RelayWorker
{
    public static async Task<int> RunAsync(string certificate, string sink)
    {
        var options = Options.Create(new GatewayOptions { CertificateFile = certificate, CertificateKeyFile = certificate });
        var shown = new DoorCertificate(options, TimeProvider.System, NullLogger<DoorCertificate>.Instance);
        var port = int.Parse(sink, CultureInfo.InvariantCulture);
        using var door = new Door(socket => ServeAsync(socket, shown, port));
        await WorkerConsole.ServeAsync(door.Port.ToString(CultureInfo.InvariantCulture), _ => Task.FromResult(WorkerConsole.Settle()));
        return 0;
    }

    private static async Task ServeAsync(Socket socket, DoorCertificate shown, int sink)
    {
        var machine = new SslStream(new NetworkStream(await Door.ConnectAsync(sink), ownsSocket: true), leaveInnerStreamOpen: false);
        await machine.AuthenticateAsClientAsync(TestCertificate.Client);
        var client = new SslStream(new NetworkStream(socket, ownsSocket: true), leaveInnerStreamOpen: false);
        await client.AuthenticateAsServerAsync(shown.Options);
        await new Gateway.Relay.Relay(client, machine).RunAsync();
    }
}
