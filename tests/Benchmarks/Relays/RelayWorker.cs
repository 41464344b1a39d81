using System.Net.Sockets;
using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Benchmarks.Processes;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.RdpTcp;
using Montalegre.Vdi.Tls;

namespace Montalegre.Vdi.Benchmarks.Relays;

/// <summary>The gateway's relay between two TLS streams made as its door and its machine leg make them.</summary>
internal static class RelayWorker
{
    public static async Task<int> RunAsync(string certificate, string sink)
    {
        var options = Options.Create(new GatewayOptions { CertificateFile = certificate, CertificateKeyFile = certificate });
        var shown = new DoorCertificate(options, TimeProvider.System, NullLogger<DoorCertificate>.Instance);
        var pin = shown.Options.ServerCertificateContext!.TargetCertificate.GetCertHash(HashAlgorithmName.SHA256);
        using var toMachine = TlsContext.Client();
        var port = int.Parse(sink, CultureInfo.InvariantCulture);
        using var door = new Door(socket => ServeAsync(socket, shown.Rdp, toMachine, pin, port));
        await WorkerConsole.ServeAsync(door.Port.ToString(CultureInfo.InvariantCulture), _ => Task.FromResult(WorkerConsole.Settle()));
        return 0;
    }

    private static async Task ServeAsync(Socket socket, TlsContext shown, TlsContext toMachine, byte[] pin, int sink)
    {
        using var connection = new TcpStream(socket);
        await using var machine = new TlsStream(await TcpStream.ConnectAsync("127.0.0.1", sink, CancellationToken.None));
        await machine.AuthenticateAsClientAsync(toMachine, pin, CancellationToken.None);
        var client = new TlsStream(connection);
        await client.AuthenticateAsServerAsync(shown, CancellationToken.None);
        await new Gateway.Relay.Relay(client, machine).RunAsync();
    }
}
