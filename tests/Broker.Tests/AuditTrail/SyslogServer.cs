using System.Net;
using System.Net.Sockets;
using Montalegre.Vdi.Broker.Tests.Directories;
using Montalegre.Vdi.Rig.Clients;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Broker.Tests.AuditTrail;

/// <summary>A real rsyslog on loopback that takes syslog over TLS and writes name and message of each line to a file.</summary>
internal sealed class SyslogServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly string _folder = Directory.CreateTempSubdirectory("syslog-").FullName;
    private readonly LdapAuthority _authority = new("Registo");
    private OwnProcess? _server;

    public SyslogServer()
    {
        File.WriteAllText(AuthorityFile, _authority.Pem);
        _authority.Issue(Path.Combine(_folder, "server.pem"), Path.Combine(_folder, "server.key"), IPAddress.Loopback);
        File.WriteAllText(Path.Combine(_folder, "rsyslog.conf"), $$"""
            global(workDirectory="{{_folder}}" maxMessageSize="1m" defaultNetstreamDriver="gtls"
                   defaultNetstreamDriverCAFile="{{AuthorityFile}}" defaultNetstreamDriverCertFile="{{_folder}}/server.pem" defaultNetstreamDriverKeyFile="{{_folder}}/server.key")
            module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon")
            template(name="line" type="list") { property(name="syslogfacility-text") constant(value=".") property(name="syslogseverity-text") constant(value=" ") property(name="app-name")
                constant(value=" ") property(name="msgid") constant(value=" ") property(name="msg") constant(value="\n") }
            input(type="imtcp" address="127.0.0.1" port="{{Port}}" ruleset="keep")
            ruleset(name="keep") { action(type="omfile" file="{{Kept}}" template="line") }
            """);
    }

    public int Port { get; } = LoopbackPorts.Free();

    public string AuthorityFile => Path.Combine(_folder, "ca.pem");

    private string Kept => Path.Combine(_folder, "kept.log");

    public async Task StartAsync()
    {
        _server = OwnProcess.Start("/usr/sbin/rsyslogd", ["-n", "-f", Path.Combine(_folder, "rsyslog.conf"), "-i", Path.Combine(_folder, "pid")]);
        Assert.True(await Eventually.IsTrueAsync(async () =>
        {
            Assert.False(_server.HasExited, _server.Output);
            using var client = new TcpClient();
            try
            {
                await client.ConnectAsync(IPAddress.Loopback, Port);
                return true;
            }
            catch (SocketException) { return false; }
        }, Patience), _server.Output);
    }

    public async Task StopAsync() => await _server!.DisposeAsync();

    /// <summary>What it wrote, once there are as many lines, with the file's end.</summary>
    public async Task<string[]> LinesAsync(int atLeast)
    {
        string[] lines = [];
        Assert.True(await Eventually.IsTrueAsync(async () =>
        {
            var text = File.Exists(Kept) ? await File.ReadAllTextAsync(Kept) : "";
            lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            return lines.Length >= atLeast && text.EndsWith('\n');   // it may have written half of the last one
        }, Patience), $"{lines.Length} of {atLeast} lines");
        return lines;
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
