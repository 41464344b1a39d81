using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Agent.V1;

namespace Montalegre.Vdi.Benchmarks.AgentStreams;

/// <summary>One agent: a connection of its own with its own certificate, and one stream on it.</summary>
internal sealed class AgentConnection : IDisposable
{
    private const int MostAttempts = 5;
    private static readonly AgentMessage Beat = new() { Heartbeat = new Heartbeat { LoadPermille = 100 } };

    private readonly GrpcChannel _channel;
    private readonly AsyncDuplexStreamingCall<AgentMessage, BrokerMessage> _call;

    private AgentConnection(GrpcChannel channel, AsyncDuplexStreamingCall<AgentMessage, BrokerMessage> call) => (_channel, _call) = (channel, call);

    /// <summary>Completes when the broker ends the stream; it should not.</summary>
    public Task Ended { get; private set; } = Task.CompletedTask;

    /// <summary>Connects like an agent, which comes back after a pause when the broker or its database was too busy.</summary>
    public static async Task<(AgentConnection Agent, int Attempts)> OpenAsync(string address, X509Certificate2 certificate, X509ChainPolicy trust, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return (await TryOpenAsync(address, certificate, trust, ct), attempt);
            }
            catch (RpcException e) when (e.StatusCode is StatusCode.Unavailable && attempt < MostAttempts)
            {
                await Task.Delay(TimeSpan.FromSeconds(attempt * (0.5 + Random.Shared.NextDouble())), ct);
            }
        }
    }

    private static async Task<AgentConnection> TryOpenAsync(string address, X509Certificate2 certificate, X509ChainPolicy trust, CancellationToken ct)
    {
        var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                TargetHost = JoinDocument.BrokerServerName, CertificateChainPolicy = trust,
                ClientCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
            },
        };
        var channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
        var agent = new AgentConnection(channel, new AgentChannel.AgentChannelClient(channel).Connect(cancellationToken: CancellationToken.None));
        try
        {
            await agent._call.RequestStream.WriteAsync(Hello(), ct);
            if (!await agent._call.ResponseStream.MoveNext(ct) || agent._call.ResponseStream.Current.Welcome is null)
                throw new InvalidOperationException("The broker did not welcome an agent.");
            agent.Ended = agent._call.ResponseStream.MoveNext(CancellationToken.None);
            return agent;
        }
        catch
        {
            agent.Dispose();
            throw;
        }
    }

    public Task BeatAsync() => _call.RequestStream.WriteAsync(Beat);

    public void Dispose()
    {
        _call.Dispose();
        _channel.Dispose();
    }

    private static AgentMessage Hello() => new()
    {
        Hello = new Hello
        {
            AgentVersion = "benchmark", OperatingSystem = "Debian GNU/Linux 12 (bookworm)", OperatingSystemFamily = "linux", ComputerName = "benchmark",
            Addresses = { "192.0.2.1" }, RdpPort = 3389, RdpCertificateSha256 = ByteString.CopyFrom(new byte[32]), BootId = "benchmark",
        },
    };
}
