using System.Net;
using System.Threading.Channels;
using Google.Protobuf.WellKnownTypes;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.RdpTcp;
using Montalegre.Vdi.Gateway.Relay;

namespace Montalegre.Vdi.Gateway.Reports;

/// <summary>What the broker is to be told, in order, kept while it is away up to a bound.</summary>
internal sealed class ConnectionReports(TimeProvider time)
{
    private const int MostWaiting = 10_000;

    private readonly Channel<ConnectionReport> _waiting = Channel.CreateBounded<ConnectionReport>(
        new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    public ChannelReader<ConnectionReport> Waiting => _waiting.Reader;

    /// <summary>Nothing more will happen; what waits can still be read.</summary>
    public void Complete() => _waiting.Writer.TryComplete();

    public void Opened(OpenConnection connection)
    {
        Instruments.Opened(connection);
        _waiting.Writer.TryWrite(Describe(connection));
    }

    public void Closed(OpenConnection connection, RelayEnd end)
    {
        Instruments.Closed(connection, end);
        _waiting.Writer.TryWrite(Describe(connection, end));
    }

    public void Failed(string? sessionId, ReasonCode code, IPAddress client, string? connectionId = null)
    {
        Instruments.Failed(code);
        _waiting.Writer.TryWrite(new ConnectionReport
        {
            ConnectionId = connectionId ?? "",
            SessionId = sessionId ?? "",
            Failed = new ConnectionFailed { At = Now, Code = code, ClientAddress = client.ToString() },
        });
    }

    /// <summary>What came of a synthetic log-on.</summary>
    public void Probed(DesktopProbed probed) => _waiting.Writer.TryWrite(new ConnectionReport { Probed = probed });

    /// <summary>Clients see another certificate from now on.</summary>
    public void Shown(DoorCertificate certificate) => _waiting.Writer.TryWrite(Describe(certificate));

    /// <summary>The report of the door's certificate; sent at the beginning of each stream, too.</summary>
    public static ConnectionReport Describe(DoorCertificate certificate) => new() { Shown = new ShownCertificate { Subject = certificate.Subject, NotAfter = Timestamp.FromDateTime(certificate.NotAfter) } };

    /// <summary>The report of an open connection; sent when it opens, and again after every break of the stream.</summary>
    public static ConnectionReport Describe(OpenConnection connection) => new()
    {
        ConnectionId = connection.ConnectionId,
        SessionId = connection.SessionId,
        Opened = new ConnectionOpened
        {
            At = connection.OpenedAt.ToTimestamp(),
            AcceptedAt = connection.AcceptedAt.ToTimestamp(),
            ClientAddress = connection.Client.ToString(),
            ClientName = connection.ClientName,
        },
    };

    private ConnectionReport Describe(OpenConnection connection, RelayEnd end) => new()
    {
        ConnectionId = connection.ConnectionId,
        SessionId = connection.SessionId,
        Closed = new ConnectionClosed
        {
            At = Now,
            End = end.ToString(),
            BytesFromClient = (ulong)connection.Carrier.BytesFromClient,
            BytesFromMachine = (ulong)connection.Carrier.BytesFromMachine,
        },
    };

    private Timestamp Now => time.GetUtcNow().ToTimestamp();
}
