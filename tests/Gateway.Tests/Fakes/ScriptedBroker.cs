using System.Collections.Concurrent;
using System.Collections.ObjectModel;
using System.Net;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Gateway.Tests.Fakes;

/// <summary>The broker's side of the gateway contract over real gRPC and real TLS; a test says what it answers.</summary>
internal sealed class ScriptedBroker : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly X509Certificate2 _authority;
    private readonly SslStreamCertificateContext _server;
    private readonly Channel<ConnectionReport> _reports = Channel.CreateUnbounded<ConnectionReport>();
    private WebApplication? _app;

    public ScriptedBroker()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(10));
        using var serverKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var server = new CertificateRequest("CN=broker", serverKey, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(JoinDocument.BrokerServerName);
        server.CertificateExtensions.Add(names.Build());
        using var leaf = server.Create(_authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(2), [1]);
        _server = NewContext(leaf.CopyWithPrivateKey(serverKey), new([X509CertificateLoader.LoadCertificate(_authority.RawData)]), null);
    }

    public string JoinToken { get; } = JoinDocument.NewToken();

    public string AuthoritySha256 => _authority.GetCertHashString(HashAlgorithmName.SHA256);

    /// <summary>Kept over a restart, so that gateways find it again.</summary>
    public int Port { get; } = LoopbackPorts.Free();

    public Uri Address => new($"https://127.0.0.1:{Port}");

    public TimeSpan CertificateLife { get; set; } = TimeSpan.FromDays(1);

    public int Issued { get; private set; }

    public Func<RedeemRequest, RedeemResponse> OnRedeem { get; set; } = _ => new() { Refused = new() { Code = ReasonCode.TicketUnknown } };

    /// <summary>What a renewal waits for before it is answered.</summary>
    public Func<Task> BeforeRenewal { get; set; } = () => Task.CompletedTask;

    public Func<RecheckRequest, RecheckResponse> OnRecheck { get; set; } = _ => new();

    /// <summary>The broker's face to employees; null where a test needs none.</summary>
    public Portal.FakeBroker? Employees { get; init; }

    public ConcurrentQueue<string> RedeemedBy { get; } = new();

    public ScriptedAssistance Assistances { get; } = new();

    public Channel<GatewayOrder> Orders { get; } = Channel.CreateUnbounded<GatewayOrder>();

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(this);
        builder.Services.AddSingleton(Assistances);
        if (Employees is not null) builder.Services.AddSingleton(Employees);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, Port, l => l.UseHttps(new TlsHandshakeCallbackOptions
        {
            OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = _server,
                ClientCertificateRequired = true,
                ApplicationProtocols = [SslApplicationProtocol.Http2],
                RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is null || certificate.Issuer == "CN=Test authority",
            }),
        })));
        _app = builder.Build();
        _app.MapGrpcService<Enrolment>();
        _app.MapGrpcService<Talk>();
        _app.MapGrpcService<ScriptedAssistance>();
        if (Employees is not null) _app.MapGrpcService<Portal.FakeBroker>();
        await _app.StartAsync();
    }

    /// <summary>Gone as after kill -9: streams break.</summary>
    public async Task StopAsync()
    {
        if (_app is null) return;
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
        _app = null;
    }

    /// <summary>Certificates that gateways said they show.</summary>
    public System.Collections.Concurrent.ConcurrentQueue<ShownCertificate> Shown { get; } = new();

    public async Task<ConnectionReport> NextReportAsync() => await _reports.Reader.ReadAsync().AsTask().WaitAsync(Patience);

    public void Dispose() => _authority.Dispose();

    private GatewayJoinResponse Issue(ByteString certificateRequest)
    {
        var request = CertificateRequest.LoadSigningRequest(certificateRequest.ToByteArray(), HashAlgorithmName.SHA256);
        var subject = new CertificateRequest(new X500DistinguishedName($"CN=gateway-{++Issued}"), request.PublicKey, HashAlgorithmName.SHA256);
        using var certificate = subject.Create(_authority, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow + CertificateLife, [2, (byte)Issued]);
        return new() { GatewayId = "the-gateway", Certificate = ByteString.CopyFrom(certificate.RawData), Authority = ByteString.CopyFrom(_authority.RawData) };
    }

    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    private static extern SslStreamCertificateContext NewContext(X509Certificate2 target, ReadOnlyCollection<X509Certificate2> intermediates, SslCertificateTrust? trust);

    private sealed class Enrolment(ScriptedBroker broker) : GatewayEnrolment.GatewayEnrolmentBase
    {
        public override Task<GatewayJoinResponse> Join(GatewayJoinRequest request, ServerCallContext context) =>
            request.JoinToken == broker.JoinToken && broker.Issued == 0
                ? Task.FromResult(broker.Issue(request.CertificateRequest))
                : throw new RpcException(new Status(StatusCode.PermissionDenied, "The join token is not good."));
    }

    private sealed class Talk(ScriptedBroker broker) : GatewayChannel.GatewayChannelBase
    {
        public override Task<RedeemResponse> Redeem(RedeemRequest request, ServerCallContext context)
        {
            broker.RedeemedBy.Enqueue(context.GetHttpContext().Connection.ClientCertificate?.Subject ?? "nobody");
            return Task.FromResult(broker.OnRedeem(request));
        }

        public override Task<RecheckResponse> Recheck(RecheckRequest request, ServerCallContext context) => Task.FromResult(broker.OnRecheck(request));

        public override async Task<GatewayJoinResponse> Renew(GatewayRenewRequest request, ServerCallContext context)
        {
            await broker.BeforeRenewal();
            broker.CertificateLife = TimeSpan.FromDays(1);
            return broker.Issue(request.CertificateRequest);
        }

        public override async Task Connections(IAsyncStreamReader<ConnectionReport> requestStream, IServerStreamWriter<GatewayOrder> responseStream, ServerCallContext context)
        {
            using var over = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
            var orders = SendOrdersAsync(responseStream, over.Token);
            try
            {
                while (await requestStream.MoveNext(over.Token))
                {
                    if (requestStream.Current.Shown is { } shown) broker.Shown.Enqueue(shown);
                    else await broker._reports.Writer.WriteAsync(requestStream.Current);
                }
            }
            catch (Exception e) when (e is IOException or OperationCanceledException) { /* the stream broke, as a test wanted */ }
            await over.CancelAsync();
            await orders;
        }

        private async Task SendOrdersAsync(IServerStreamWriter<GatewayOrder> stream, CancellationToken ct)
        {
            try { await foreach (var order in broker.Orders.Reader.ReadAllAsync(ct)) await stream.WriteAsync(order, ct); }
            catch (OperationCanceledException) { /* the stream is over */ }
        }
    }
}
