using System.Net;
using System.Net.Sockets;
using Montalegre.Vdi.Rig.Clients;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Broker.Tests.Hypervisors;

/// <summary>A real sshd on a loopback port that lets in whoever runs the test, by one key.</summary>
internal sealed class SshDoor : IAsyncDisposable
{
    private readonly OwnProcess _server;
    private readonly string _folder;
    private readonly int _port;

    private SshDoor(string folder, int port, OwnProcess server) => (_folder, _port, _server) = (folder, port, server);

    public string UserAndServer => $"{Environment.UserName}@127.0.0.1:{_port}";

    public string KeyFile => Path.Combine(_folder, "key");

    /// <summary>A key that the server does not know.</summary>
    public string ForeignKeyFile => Path.Combine(_folder, "foreign");

    public static async Task<SshDoor> StartAsync(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var key in new[] { "host", "key", "foreign" })
            await OwnProcess.RunAsync("/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", Path.Combine(folder, key));
        // sshd wants this folder when it starts as root; the package's init script makes it elsewhere.
        if (Environment.IsPrivilegedProcess) Directory.CreateDirectory("/run/sshd");
        var port = LoopbackPorts.Free();
        string[] options =
        [
            $"ListenAddress=127.0.0.1:{port}", $"HostKey={folder}/host", $"AuthorizedKeysFile={folder}/key.pub", "StrictModes=no", "UsePAM=no",
            "PasswordAuthentication=no", "KbdInteractiveAuthentication=no", "PermitRootLogin=prohibit-password", "PidFile=none",
        ];
        var door = new SshDoor(folder, port, OwnProcess.Start("/usr/sbin/sshd", ["-D", "-e", "-f", "/dev/null", .. options.SelectMany(option => new[] { "-o", option })]));
        if (!await Eventually.IsTrueAsync(() => AnswersAsync(port), TimeSpan.FromSeconds(60))) throw new InvalidOperationException($"sshd did not start: {door._server.Output}");
        return door;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static async Task<bool> AnswersAsync(int port)
    {
        using var probe = new TcpClient();
        try
        {
            await probe.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException) { return false; }
    }
}
