using System.Net;
using System.Net.Sockets;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Rig.Clients;
using Montalegre.Vdi.Rig.Postgres;

namespace Montalegre.Vdi.Broker.Tests.Directories;

/// <summary>A real Active Directory: Samba's domain controller, LDAP only, on a loopback address of its own because its ports are fixed, and of this run because another one may go on. Needs root.</summary>
internal sealed class SambaDomain : IAsyncDisposable
{
    public const string Base = "DC=camara,DC=test";
    public const string Reader = $"CN=Administrator,CN=Users,{Base}";
    public const string Password = "Cinco.Gatos.Amarelos.1";
    private static readonly IPAddress Address = IPAddress.Parse($"127.77.{Random.Shared.Next(1, 255)}.{Random.Shared.Next(1, 255)}");
    private readonly string _folder = Directory.CreateTempSubdirectory("samba-").FullName;
    private OwnProcess? _server;

    public LdapAuthority Authority { get; } = new("Câmara");

    public string Server => Address.ToString();

    private string Configuration => Path.Combine(_folder, "etc/smb.conf");

    public static async Task<SambaDomain> StartAsync()
    {
        var domain = new SambaDomain();
        try
        {
            await domain.ProvisionAsync();
            return domain;
        }
        catch
        {
            await domain.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs samba-tool on the domain.</summary>
    public Task ToolAsync(params string[] arguments) => Run.ToEndAsync("/usr/bin/samba-tool", [.. arguments, "-s", Configuration]);

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        Authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task ProvisionAsync()
    {
        await Run.ToEndAsync("/usr/bin/samba-tool",
            ["domain", "provision", "--realm=CAMARA.TEST", "--domain=CAMARA", $"--adminpass={Password}", "--server-role=dc", "--dns-backend=NONE", $"--targetdir={_folder}", "--host-name=dc1", $"--host-ip={Address}"]);
        await File.WriteAllTextAsync(Path.Combine(_folder, "ca.pem"), Authority.Pem);
        Authority.Issue(Path.Combine(_folder, "server.pem"), Path.Combine(_folder, "server.key"), Address);
        var configuration = await File.ReadAllTextAsync(Configuration);
        // Of two lines with one name the last counts, so what was provisioned goes first.
        var kept = configuration.Split('\n').Where(line => !line.TrimStart().StartsWith("server services", StringComparison.Ordinal) && !line.TrimStart().StartsWith("log file", StringComparison.Ordinal));
        await File.WriteAllTextAsync(Configuration, string.Join('\n', kept).Replace("[global]", $"""
            [global]
            	server services = ldap
            	interfaces = {Address}/8
            	bind interfaces only = yes
            	log file = {_folder}/samba.log
            	pid directory = {_folder}
            	ncalrpc dir = {_folder}/ncalrpc
            	tls cafile = {_folder}/ca.pem
            	tls certfile = {_folder}/server.pem
            	tls keyfile = {_folder}/server.key
            """, StringComparison.Ordinal));
        _server = OwnProcess.Start("/usr/sbin/samba", ["-F", "--no-process-group", "-M", "single", "-s", Configuration]);
        await Until.TrueAsync(async () =>
        {
            Assert.False(_server.HasExited, _server.Output);
            using var client = new TcpClient();
            try
            {
                await client.ConnectAsync(Address, 636);
                return true;
            }
            catch (SocketException) { return false; }
        }, "samba listens");
    }
}
