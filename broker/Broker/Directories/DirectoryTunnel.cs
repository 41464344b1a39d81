using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Montalegre.Vdi.Broker.Directories;

/// <summary>
/// TLS to a directory's server, with a door on loopback for one connection of the LDAP library. On Linux the library can neither
/// trust one given authority, nor say why TLS failed, nor give up in time; here all three are .NET's own (ADR 44).
/// </summary>
internal sealed class DirectoryTunnel : IDisposable
{
    private readonly TcpListener _door = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Stream _far;

    private DirectoryTunnel(Stream far, string server)
    {
        (_far, Server) = (far, server);
        _door.Start(backlog: 1);
        Port = ((IPEndPoint)_door.LocalEndpoint).Port;
        _ = RelayAsync();
    }

    public int Port { get; }

    /// <summary>Which of the servers it is.</summary>
    public string Server { get; }

    /// <summary>To the first server of the list that answers with a certificate we trust.</summary>
    public static async Task<DirectoryTunnel> OpenAsync(DirectorySettings settings, TimeSpan patience, CancellationToken ct)
    {
        DirectoryFailure? worst = null;
        foreach (var server in settings.Servers)
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
            deadline.CancelAfter(patience);
            try { return new(await ConnectAsync(settings, server, deadline.Token), server); }
            catch (DirectoryFailure e) { worst = worst is null || e.Step > worst.Step ? e : worst; }
            catch (OperationCanceledException e) when (!ct.IsCancellationRequested) { worst ??= new(DirectoryStep.Connect, server, $"no answer within {patience.TotalSeconds:0.#} s", e); }
        }
        throw worst!;
    }

    /// <summary>Ends both connections; a call of the library that waits for an answer gets none.</summary>
    public void Dispose()
    {
        _end.Cancel();
        _door.Dispose();
        _far.Dispose();
    }

    private static async Task<Stream> ConnectAsync(DirectorySettings settings, string server, CancellationToken ct)
    {
        var (host, port) = settings.Address(server);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(host, port, ct);
            return await SecureAsync(new NetworkStream(socket, ownsSocket: true), settings, server, host, ct);
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (e is SocketException) throw new DirectoryFailure(DirectoryStep.Connect, server, e.Message, e);
            throw;
        }
    }

    private static async Task<Stream> SecureAsync(Stream plain, DirectorySettings settings, string server, string host, CancellationToken ct)
    {
        string? distrust = null;
        var secure = new SslStream(plain, leaveInnerStreamOpen: false);
        try
        {
            if (settings.StartTls && await StartTls.AskAsync(plain, ct) is { } code) throw new DirectoryFailure(DirectoryStep.Tls, server, $"the server does not do StartTLS (result {code})");
            await secure.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = host,
                CertificateChainPolicy = settings.Trust(),
                RemoteCertificateValidationCallback = (_, _, chain, errors) => (distrust = Distrust(errors, chain, host)) is null,
            }, ct);
            return secure;
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            await secure.DisposeAsync();
            throw distrust is null ? new DirectoryFailure(DirectoryStep.Tls, server, e.Message, e) : new DirectoryFailure(DirectoryStep.Certificate, server, distrust, e);
        }
    }

    private static string? Distrust(SslPolicyErrors errors, X509Chain? chain, string host) => errors switch
    {
        SslPolicyErrors.None => null,
        _ when errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable) => "the server shows no certificate",
        _ when errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) => $"the certificate is not for {host}",
        _ => string.Join("; ", chain?.ChainStatus.Select(s => s.StatusInformation.Trim()).Distinct() ?? []) is { Length: > 0 } why ? why : "the certificate is not trusted",
    };

    // Whoever else comes to the door first gets a connection to the directory that nobody has signed in on, and we get none.
    private async Task RelayAsync()
    {
        try
        {
            using var near = new NetworkStream(await _door.AcceptSocketAsync(_end.Token), ownsSocket: true);
            _door.Stop();
            await await Task.WhenAny(near.CopyToAsync(_far, _end.Token), _far.CopyToAsync(near, _end.Token));
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // One side went; the library reports it to its caller.
        }
        finally
        {
            await _far.DisposeAsync();
        }
    }
}
