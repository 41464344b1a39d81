using System.Net;
using System.Net.Sockets;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Rig.Clients;
using Montalegre.Vdi.Rig.Postgres;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Broker.Tests.Directories;

/// <summary>
/// A real OpenLDAP on loopback, with a certificate of an authority of its own, the password policy overlay, and a town hall's
/// people: TLS is demanded of whoever signs in, a search answers at most 50 entries a page, three wrong passwords lock an account.
/// </summary>
internal sealed class OpenLdap : IAsyncDisposable
{
    public const string Base = "dc=camara,dc=pt";
    public const string Reader = "cn=montalegre,dc=camara,dc=pt";
    public const string ReaderPassword = "lê tudo, escreve pouco";
    public const string Password = "cinco gatos amarelos";
    private const string Root = "cn=root,dc=camara,dc=pt";
    private const string RootPassword = "raiz";
    private readonly string _folder = Directory.CreateTempSubdirectory("openldap-").FullName;
    private OwnProcess? _server;

    public LdapAuthority Authority { get; } = new("Câmara");

    public int PlainPort { get; } = LoopbackPorts.Free();

    public int TlsPort { get; } = LoopbackPorts.Free();

    public static async Task<OpenLdap> StartAsync()
    {
        var directory = new OpenLdap();
        try
        {
            await directory.FillAsync();
            await directory.RunAsync();
            return directory;
        }
        catch
        {
            await directory.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the server, again after <see cref="StopAsync"/>.</summary>
    public async Task RunAsync()
    {
        _server = OwnProcess.Start("/usr/sbin/slapd", ["-f", Path.Combine(_folder, "slapd.conf"), "-h", $"ldap://127.0.0.1:{PlainPort} ldaps://127.0.0.1:{TlsPort}", "-d", "0"]);
        await Until.TrueAsync(async () =>
        {
            Assert.False(_server.HasExited, _server.Output);
            using var client = new TcpClient();
            try
            {
                await client.ConnectAsync(IPAddress.Loopback, TlsPort);
                return true;
            }
            catch (SocketException) { return false; }
        }, "slapd listens");
    }

    public async Task StopAsync() => await _server!.EndAsync();

    /// <summary>Changes entries as the directory's owner.</summary>
    public Task ModifyAsync(string ldif) => Run.ToEndAsync("/usr/bin/env",
        [$"LDAPTLS_CACERT={Path.Combine(_folder, "ca.pem")}", "ldapmodify", "-x", "-e", "relax", "-H", $"ldaps://127.0.0.1:{TlsPort}", "-D", Root, "-w", RootPassword], ldif.ReplaceLineEndings("\n") + "\n");

    /// <summary>How many wrong passwords the directory has seen of somebody.</summary>
    public async Task<int> FailuresAsync(string uid) => (await Run.ToEndAsync("/usr/bin/env",
        [$"LDAPTLS_CACERT={Path.Combine(_folder, "ca.pem")}", "ldapsearch", "-x", "-LLL", "-H", $"ldaps://127.0.0.1:{TlsPort}", "-D", Root, "-w", RootPassword, "-b", Base, $"uid={uid}", "pwdFailureTime"]))
        .Split('\n').Count(line => line.StartsWith("pwdFailureTime:", StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        Authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task FillAsync()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "db"));
        await File.WriteAllTextAsync(Path.Combine(_folder, "ca.pem"), Authority.Pem);
        Authority.Issue(Path.Combine(_folder, "server.pem"), Path.Combine(_folder, "server.key"), IPAddress.Loopback);
        var configuration = Path.Combine(_folder, "slapd.conf");
        await File.WriteAllTextAsync(configuration, $"""
            include /etc/ldap/schema/core.schema
            include /etc/ldap/schema/cosine.schema
            include /etc/ldap/schema/inetorgperson.schema
            include /etc/ldap/schema/nis.schema
            pidfile {_folder}/pid
            modulepath /usr/lib/ldap
            moduleload back_mdb
            moduleload ppolicy
            TLSCACertificateFile {_folder}/ca.pem
            TLSCertificateFile {_folder}/server.pem
            TLSCertificateKeyFile {_folder}/server.key
            security simple_bind=128
            database mdb
            suffix {Base}
            directory {_folder}/db
            rootdn {Root}
            rootpw {RootPassword}
            maxsize 67108864
            sizelimit size.soft=50 size.hard=50 size.pr=500 size.prtotal=unlimited
            overlay ppolicy
            ppolicy_default cn=policy,{Base}
            access to attrs=userPassword by self write by dn.exact="{Reader}" write by anonymous auth by * none
            access to * by dn.exact="{Reader}" write by self read by * none

            """);
        await Run.ToEndAsync("/usr/sbin/slapadd", ["-f", configuration], Entries());
    }

    private static string Entries() => $"""
        dn: {Base}
        objectClass: dcObject
        objectClass: organization
        o: Câmara
        dc: camara

        dn: cn=policy,{Base}
        objectClass: pwdPolicy
        objectClass: organizationalRole
        cn: policy
        pwdAttribute: userPassword
        pwdLockout: TRUE
        pwdMaxFailure: 3
        pwdLockoutDuration: 3600
        pwdMustChange: TRUE
        pwdAllowUserChange: TRUE
        pwdMinLength: 12
        pwdCheckQuality: 2
        pwdInHistory: 1

        dn: cn=aged,{Base}
        objectClass: pwdPolicy
        objectClass: organizationalRole
        cn: aged
        pwdAttribute: userPassword
        pwdMaxAge: 86400
        pwdLockout: TRUE
        pwdMaxFailure: 3
        pwdMustChange: TRUE
        pwdAllowUserChange: TRUE

        dn: cn=graced,{Base}
        objectClass: pwdPolicy
        objectClass: organizationalRole
        cn: graced
        pwdAttribute: userPassword
        pwdMaxAge: 86400
        pwdGraceAuthNLimit: 5
        pwdAllowUserChange: TRUE

        dn: {Reader}
        objectClass: organizationalRole
        objectClass: simpleSecurityObject
        cn: montalegre
        userPassword: {ReaderPassword}

        dn: ou=people,{Base}
        objectClass: organizationalUnit
        ou: people

        dn: ou=groups,{Base}
        objectClass: organizationalUnit
        ou: groups

        {string.Join("\n\n", Enumerable.Range(1, 120).Select(n => Person($"pessoa{n}")))}

        {Person("ana.silva")}

        {Person("rui")}

        {Person("locked", $"pwdAccountLockedTime: {DateTime.UtcNow:yyyyMMddHHmmss}Z")}

        {Person("tried")}

        {Person("reset", "pwdReset: TRUE", Changed(0))}

        {Person("aged", $"pwdPolicySubentry: cn=aged,{Base}", Changed(30))}

        {Person("graced", $"pwdPolicySubentry: cn=graced,{Base}", Changed(30))}

        {Person("off", "pwdAccountLockedTime: 000001010000Z")}

        {Person("odd*(name)")}

        {Group("urbanismo", "uid=ana.silva,ou=people")}

        {Group("servicos", "cn=urbanismo,ou=groups", "cn=circle,ou=groups")}

        {Group("circle", "cn=servicos,ou=groups")}

        {Group("balcao", "uid=rui,ou=people")}
        """;

    private static string Changed(int daysAgo) => $"pwdChangedTime: {DateTime.UtcNow.AddDays(-daysAgo):yyyyMMddHHmmss}Z";

    private static string Person(string uid, params string[] further) => string.Join("\n",
        [$"dn: uid={uid},ou=people,{Base}", "objectClass: inetOrgPerson", $"uid: {uid}", $"cn: Pessoa {uid}", "sn: P", $"userPassword: {Password}", .. further]);

    private static string Group(string name, params string[] members) => string.Join("\n",
        [$"dn: cn={name},ou=groups,{Base}", "objectClass: groupOfNames", $"cn: {name}", .. members.Select(member => $"member: {member},{Base}")]);
}
