using System.Net;
using Montalegre.Vdi.Broker.Tests.Directories;
using Montalegre.Vdi.Rig.Clients;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Broker.Tests.Alerts;

/// <summary>
/// A real mail server on loopback (Debian's aiosmtpd) with a certificate of an authority of its own. It wants TLS and a sign-in first, does not
/// know nobody@, and keeps each message as a file.
/// </summary>
internal sealed class MailServer : IAsyncDisposable
{
    public const string UserName = "alertas";
    public const string Password = "correio à prova";
    private const string Script = """
        import asyncio, os, ssl, sys
        from aiosmtpd.smtp import SMTP, AuthResult
        folder, plain, tls, user, password = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder + '/server.pem', folder + '/server.key')
        class Handler:
            async def handle_RCPT(self, server, session, envelope, address, options):
                if address.startswith('nobody@'): return '550 no such person'
                envelope.rcpt_tos.append(address)
                return '250 OK'
            async def handle_DATA(self, server, session, envelope):
                if os.path.exists(folder + '/refuse'): return '451 try again later'
                name = '%s/%04d' % (folder, len([f for f in os.listdir(folder) if f.endswith('.eml')]))
                with open(name, 'wb') as f: f.write(b'X-To: ' + ','.join(envelope.rcpt_tos).encode() + b'\r\n' + envelope.content)
                os.rename(name, name + '.eml')
                return '250 OK'
        def check(server, session, envelope, mechanism, data):
            good = data.login == user.encode() and data.password == password.encode()
            return AuthResult(success=good, handled=good)   # not handled: the server says 535
        rules = dict(authenticator=check, auth_required=True, enable_SMTPUTF8=True, hostname='mail.example')   # else it asks DNS for its own name at each connection
        # Not by aiosmtpd's Controller: that one gives up where its threads do not answer each other within seconds.
        async def serve():
            loop = asyncio.get_running_loop()
            await loop.create_server(lambda: SMTP(Handler(), tls_context=context, require_starttls=True, **rules), '127.0.0.1', plain)
            await loop.create_server(lambda: SMTP(Handler(), auth_require_tls=False, **rules), '127.0.0.1', tls, ssl=context)
            print('ready', flush=True)
            await asyncio.Event().wait()
        asyncio.run(serve())
        """;
    private readonly string _folder = Directory.CreateTempSubdirectory("mail-").FullName;
    private OwnProcess? _server;

    public LdapAuthority Authority { get; } = new("Correio");

    public int StartTlsPort { get; } = LoopbackPorts.Free();

    public int TlsPort { get; } = LoopbackPorts.Free();

    public static async Task<MailServer> StartAsync()
    {
        var server = new MailServer();
        server.Authority.Issue(Path.Combine(server._folder, "server.pem"), Path.Combine(server._folder, "server.key"), IPAddress.Loopback);
        await File.WriteAllTextAsync(Path.Combine(server._folder, "server.py"), Script);
        server._server = OwnProcess.Start("/usr/bin/python3", [Path.Combine(server._folder, "server.py"), server._folder, $"{server.StartTlsPort}", $"{server.TlsPort}", UserName, Password]);
        Assert.True(await Eventually.IsTrueAsync(() => server._server.Output.Contains("ready", StringComparison.Ordinal), TimeSpan.FromMinutes(1)), server._server.Output);
        return server;
    }

    /// <summary>From now on it takes no message, or takes them again.</summary>
    public void Refuse(bool refuse)
    {
        var file = Path.Combine(_folder, "refuse");
        if (refuse) File.WriteAllText(file, "");
        else File.Delete(file);
    }

    /// <summary>What it took, in order.</summary>
    public IReadOnlyList<MimeKit.MimeMessage> Taken() => [.. Directory.GetFiles(_folder, "*.eml").Order(StringComparer.Ordinal).Select(file => MimeKit.MimeMessage.Load(file))];

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        Authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
