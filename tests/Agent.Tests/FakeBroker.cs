using System.Collections.Concurrent;
using System.Collections.ObjectModel;
using System.Net;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Agent.V1;

namespace Montalegre.Vdi.Agent.Tests;

/// <summary>The broker's side of the agent contract, by hand: real Kestrel, real TLS, its own small CA, on loopback.</summary>
internal sealed class FakeBroker : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeBroker(WebApplication app, TestAuthority authority, Script script)
    {
        _app = app;
        Authority = authority;
        Script = script;
        Ports = app.Urls.Select(u => new Uri(u).Port).ToArray();
    }

    public TestAuthority Authority { get; }

    public Script Script { get; }

    public int[] Ports { get; }

    public static async Task<FakeBroker> StartAsync(TestAuthority? authority = null, string serverName = JoinDocument.BrokerServerName, int[]? ports = null, Script? script = null)
    {
        authority ??= new TestAuthority();
        script ??= new Script();
        script.Authority = authority;
        var server = authority.Issue("CN=broker", serverName, server: true, TimeSpan.FromHours(1));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(script);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, ports?[0] ?? 0, l => Tls(l, ClientCertificateMode.NoCertificate));
            kestrel.Listen(IPAddress.Loopback, ports?[1] ?? 0, l => Tls(l, ClientCertificateMode.RequireCertificate));
        });
        var app = builder.Build();
        app.MapGrpcService<Enrolment>();
        app.MapGrpcService<Streams>();
        await app.StartAsync();
        return new FakeBroker(app, authority, script);

        void Tls(ListenOptions listen, ClientCertificateMode mode)
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.UseHttps(new TlsHandshakeCallbackOptions
            {
                OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
                {
                    ServerCertificateContext = WithRoot(server, new ReadOnlyCollection<X509Certificate2>([authority.Certificate]), null),
                    ApplicationProtocols = [SslApplicationProtocol.Http2],
                    ClientCertificateRequired = mode is ClientCertificateMode.RequireCertificate,
                    RemoteCertificateValidationCallback = (_, presented, _, _) => mode is ClientCertificateMode.NoCertificate || (presented is X509Certificate2 client && authority.Issued(client)),
                }),
            });
        }
    }

    public JoinDocument Document(string? token = null, string? pin = null) => new(
        Guid.CreateVersion7(),
        new Uri($"https://127.0.0.1:{Ports[0]}/"),
        new Uri($"https://127.0.0.1:{Ports[1]}/"),
        pin ?? Convert.ToHexStringLower(SHA256.HashData(Authority.Certificate.RawData)),
        token ?? JoinDocument.NewToken());

    // The broker sends its authority in the handshake; the runtime's own factory would leave the root out.
    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    private static extern SslStreamCertificateContext WithRoot(X509Certificate2 target, ReadOnlyCollection<X509Certificate2> intermediates, SslCertificateTrust? trust);

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }

    private sealed class Enrolment(Script script) : AgentEnrolment.AgentEnrolmentBase
    {
        public override Task<JoinResponse> Join(JoinRequest request, ServerCallContext context)
        {
            script.Joins.Enqueue(request);
            if (script.RefusedTokens.Contains(request.JoinToken))
                throw new RpcException(new Status(StatusCode.PermissionDenied, "refused"), [new Metadata.Entry("reason", "JOIN_TOKEN_INVALID")]);
            return Task.FromResult(script.Sign(request.CertificateRequest));
        }
    }

    private sealed class Streams(Script script) : AgentChannel.AgentChannelBase
    {
        public override async Task<JoinResponse> Renew(RenewRequest request, ServerCallContext context)
        {
            await script.MayRenew.WaitAsync(context.CancellationToken);
            var renewed = script.Sign(request.CertificateRequest);
            script.Renewals.Enqueue(request);
            return renewed;
        }

        public override async Task Connect(IAsyncStreamReader<AgentMessage> requestStream, IServerStreamWriter<BrokerMessage> responseStream, ServerCallContext context)
        {
            var certificate = context.GetHttpContext().Connection.ClientCertificate!;
            if (script.RefusedCertificates.Contains(certificate.Thumbprint)) throw new RpcException(new Status(StatusCode.PermissionDenied, "refused"));
            if (!await requestStream.MoveNext(context.CancellationToken)) return;
            var connection = new FakeConnection(certificate.Thumbprint, requestStream.Current.Hello);
            await responseStream.WriteAsync(new BrokerMessage { Welcome = new Welcome { HeartbeatEvery = Duration.FromTimeSpan(script.HeartbeatEvery) } });
            script.Connected.Writer.TryWrite(connection);
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, connection.HangUp.Token);
            var reading = ReadAsync();
            try
            {
                await foreach (var command in connection.Commands.Reader.ReadAllAsync(ending.Token)) await responseStream.WriteAsync(new BrokerMessage { Command = command });
            }
            catch (OperationCanceledException)
            {
            }

            async Task ReadAsync()
            {
                try
                {
                    while (await requestStream.MoveNext(ending.Token)) connection.Received.Writer.TryWrite(requestStream.Current);
                }
                catch (Exception e) when (e is IOException or OperationCanceledException or RpcException)
                {
                }
                connection.Received.Writer.TryComplete();
            }
        }
    }
}

/// <summary>What the fake broker is told to do and what it has seen; outlives one run of it.</summary>
internal sealed class Script
{
    public TestAuthority Authority { get; set; } = null!;

    public TimeSpan HeartbeatEvery { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>From now on.</summary>
    public TimeSpan CertificateLife { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Until now.</summary>
    public TimeSpan CertificateAge { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Renewals are answered once it is done.</summary>
    public Task MayRenew { get; set; } = Task.CompletedTask;

    public ConcurrentQueue<JoinRequest> Joins { get; } = new();

    public ConcurrentQueue<RenewRequest> Renewals { get; } = new();

    public ConcurrentBag<string> RefusedTokens { get; } = [];

    public ConcurrentBag<string> RefusedCertificates { get; } = [];

    public Channel<FakeConnection> Connected { get; } = Channel.CreateUnbounded<FakeConnection>();

    public async Task<FakeConnection> NextConnectionAsync(TimeSpan? within = null)
    {
        using var deadline = new CancellationTokenSource(within ?? TimeSpan.FromSeconds(90));
        return await Connected.Reader.ReadAsync(deadline.Token);
    }

    public JoinResponse Sign(ByteString request)
    {
        var asked = CertificateRequest.LoadSigningRequest(request.ToByteArray(), HashAlgorithmName.SHA256);
        using var leaf = Authority.Sign(asked.PublicKey, "CN=machine", null, server: false, CertificateLife, CertificateAge);
        return new JoinResponse
        {
            MachineId = "machine",
            Certificate = ByteString.CopyFrom(leaf.RawData),
            Authority = ByteString.CopyFrom(Authority.Certificate.RawData),
            NotAfter = leaf.NotAfter.ToUniversalTime().ToTimestamp(),
        };
    }
}

internal sealed class FakeConnection(string thumbprint, Hello hello)
{
    private readonly List<AgentMessage> _kept = [];

    public string Thumbprint { get; } = thumbprint;

    public Hello Hello { get; } = hello;

    public CancellationTokenSource HangUp { get; } = new();

    public Channel<AgentMessage> Received { get; } = Channel.CreateUnbounded<AgentMessage>();

    public Channel<Command> Commands { get; } = Channel.CreateUnbounded<Command>();

    public void Send(Command command) => Commands.Writer.TryWrite(command);

    /// <summary>The next message of the kind; others on the way are kept for whoever asks for them.</summary>
    public async Task<AgentMessage> NextAsync(AgentMessage.KindOneofCase kind, TimeSpan? within = null)
    {
        using var deadline = new CancellationTokenSource(within ?? TimeSpan.FromSeconds(90));
        while (true)
        {
            if (_kept.FindIndex(m => m.KindCase == kind) is >= 0 and var at)
            {
                var kept = _kept[at];
                _kept.RemoveAt(at);
                return kept;
            }
            _kept.Add(await Received.Reader.ReadAsync(deadline.Token));
        }
    }

    public async Task<CommandResult> AskAsync(Command command, TimeSpan? within = null)
    {
        Send(command);
        while (true)
        {
            var result = (await NextAsync(AgentMessage.KindOneofCase.Result, within)).Result;
            if (result.CommandId == command.CommandId) return result;
        }
    }
}
