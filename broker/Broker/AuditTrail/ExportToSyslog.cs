using System.Buffers;
using System.Data;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts.AuditTrail;
using Npgsql;

namespace Montalegre.Vdi.Broker.AuditTrail;

/// <summary>
/// Sends sealed batches that the syslog server does not have, in order. Syslog has no answer; so a round is one connection, which we
/// close for writing, and only a server that then ends it in order has read everything. Only after that the position moves.
/// </summary>
internal sealed class ExportToSyslog(
    AuditExportStore store, PersonalTexts texts, [FromKeyedServices(StorageExtensions.Reports)] NpgsqlDataSource reports, IOptions<AuditSyslogOptions> options, ILogger<ExportToSyslog> log)
{
    /// <summary>Batches of one round: few, so that memory and what is sent twice stay small.</summary>
    private const int AtOnce = 20;

    /// <summary>True when there is more to send.</summary>
    public async Task<bool> RunOnceAsync(CancellationToken ct)
    {
        var settings = options.Value;
        var from = await store.BeginAsync(settings.Server);
        if (!settings.Enabled) return false;
        try
        {
            var to = await SendAsync(from, settings, ct);
            if (to == from || !await store.MovedAsync(settings.Server, from, to)) return false;
            return to - from == AtOnce;
        }
        catch (Exception e) when (e is IOException or SocketException or AuthenticationException or TimeoutException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            var problem = e is OperationCanceledException ? $"it did not take the batch within {settings.Patience}" : e.InnerException is { } inner ? $"{e.Message} {inner.Message}" : e.Message;
            log.SyslogFailed(settings.Server, problem);
            await store.FailedAsync(settings.Server, problem);
            return false;
        }
    }

    private async Task<long> SendAsync(long from, AuditSyslogOptions settings, CancellationToken ct)
    {
        await using var database = await reports.OpenConnectionAsync(ct);
        await using var snapshot = await database.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        var reading = new SealReading(database);
        Connection? connection = null;
        try
        {
            var sent = from;
            for (; sent < from + AtOnce; sent++)
            {
                // One batch in memory at a time: 2000 entries at most.
                if ((await reading.PageAsync(sent + 1, ct, pages: 1)) is not [var batch]) break;
                connection ??= await Connection.OpenAsync(settings, ct);
                await connection.WriteAsync(await FramesAsync(database, batch, ct), settings.Patience, ct);
            }
            if (connection is not null) await connection.EndAsync(settings.Patience, ct);
            return sent;
        }
        finally
        {
            if (connection is not null) await connection.DisposeAsync();
        }
    }

    private async Task<ReadOnlyMemory<byte>> FramesAsync(NpgsqlConnection database, ReadBatch batch, CancellationToken ct)
    {
        var keys = await texts.KeysAsync(database, [.. batch.Boxes.Select(b => b.Person).Distinct()], ct);
        var frames = new ArrayBufferWriter<byte>();
        foreach (var leaf in batch.Leaves)
            SyslogMessage.Write(frames, leaf.Entry?.At ?? batch.Head.SealedAt, Environment.MachineName, leaf.Entry?.Action ?? "missing", AuditFile.Line(leaf, keys));
        SyslogMessage.Write(frames, batch.Head.SealedAt, Environment.MachineName, "batch", AuditFile.Line(batch.Head));
        return frames.WrittenMemory;
    }

    private sealed class Connection(TcpClient tcp, SslStream tls, X509Certificate2? own) : IAsyncDisposable
    {
        public static async Task<Connection> OpenAsync(AuditSyslogOptions settings, CancellationToken ct)
        {
            using var over = Within(settings.Patience, ct);
            var (host, port) = settings.Address;
            var own = settings.CertificateFile.Length > 0 ? X509Certificate2.CreateFromPemFile(settings.CertificateFile, settings.KeyFile) : null;
            var tcp = new TcpClient { NoDelay = true };
            try
            {
                await tcp.ConnectAsync(host, port, over.Token);
                var tls = new SslStream(tcp.GetStream());
                await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
                {
                    TargetHost = host, CertificateChainPolicy = settings.Trust(), EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13, ClientCertificates = own is null ? null : [own],
                }, over.Token);
                return new(tcp, tls, own);
            }
            catch
            {
                tcp.Dispose();
                own?.Dispose();
                throw;
            }
        }

        public async Task WriteAsync(ReadOnlyMemory<byte> frames, TimeSpan patience, CancellationToken ct)
        {
            using var over = Within(patience, ct);
            await tls.WriteAsync(frames, over.Token);
        }

        /// <summary>Says that this is all and waits until the server has read it and ends, too.</summary>
        public async Task EndAsync(TimeSpan patience, CancellationToken ct)
        {
            using var over = Within(patience, ct);
            await tls.FlushAsync(over.Token);
            await tls.ShutdownAsync().WaitAsync(over.Token);
            tcp.Client.Shutdown(SocketShutdown.Send);
            var nothing = new byte[256];
            while (await tls.ReadAsync(nothing, over.Token) > 0) { }
        }

        public async ValueTask DisposeAsync()
        {
            await tls.DisposeAsync();
            tcp.Dispose();
            own?.Dispose();
        }

        private static CancellationTokenSource Within(TimeSpan patience, CancellationToken ct)
        {
            var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
            over.CancelAfter(patience);
            return over;
        }
    }
}
