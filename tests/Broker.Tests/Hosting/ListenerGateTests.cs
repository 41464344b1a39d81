using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Microsoft.Extensions.DependencyInjection;

namespace Montalegre.Vdi.Broker.Tests.Hosting;

public sealed class ListenerGateTests(TestCluster cluster) : IAsyncLifetime
{
    private readonly TestBroker _broker = new(cluster);

    public ValueTask InitializeAsync() => _broker.StartAsync([]);

    public ValueTask DisposeAsync() => _broker.DisposeAsync();

    [Fact]
    public async Task Machine_with_a_good_certificate_reaches_its_channel_service_as_itself()
    {
        var machine = Guid.CreateVersion7();
        using var certificate = await _broker.IssueAsync(PeerKind.Machine, machine);

        Assert.Equal(machine.ToString("D"), (await RenewAsync(certificate)).MachineId);
    }

    [Fact]
    public async Task Channel_service_does_not_answer_on_the_api_endpoint_whatever_the_host_header_says()
    {
        var http = _broker.Http(_broker.ApiAddress);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/montalegre.vdi.agent.v1.AgentChannel/Renew")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([0, 0, 0, 0, 0]) { Headers = { { "Content-Type", "application/grpc" } } },
        };
        request.Headers.Host = new Uri(_broker.ChannelAddress).Authority;

        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task Api_service_answers_on_the_api_endpoint_and_not_on_the_channel()
    {
        var here = await Assert.ThrowsAsync<RpcException>(async () =>
            await new GatewayEnrolment.GatewayEnrolmentClient(_broker.Api()).JoinAsync(new GatewayJoinRequest(), cancellationToken: TestContext.Current.CancellationToken));
        using var certificate = await _broker.IssueAsync(PeerKind.Gateway, Guid.CreateVersion7());
        var there = await Assert.ThrowsAsync<RpcException>(async () =>
            await new GatewayEnrolment.GatewayEnrolmentClient(_broker.Channel(certificate)).JoinAsync(new GatewayJoinRequest(), cancellationToken: TestContext.Current.CancellationToken));

        Assert.Equal("CERTIFICATE_REQUEST_INVALID", here.Trailers.GetValue("reason"));   // the service itself said so
        Assert.Equal(StatusCode.Unimplemented, there.StatusCode);
    }

    [Fact]
    public async Task Gateway_does_not_reach_a_service_for_machines()
    {
        using var certificate = await _broker.IssueAsync(PeerKind.Gateway, Guid.CreateVersion7());

        var refusal = await Assert.ThrowsAsync<RpcException>(() => RenewAsync(certificate));

        Assert.Equal(StatusCode.PermissionDenied, refusal.StatusCode);
    }

    [Fact]
    public async Task Revoked_certificate_is_refused_at_the_next_call()
    {
        var machine = Guid.CreateVersion7();
        using var certificate = await _broker.IssueAsync(PeerKind.Machine, machine);
        await RenewAsync(certificate);
        await _broker.Services.GetRequiredService<PeerCheck>().RevokeAsync(PeerKind.Machine, machine);

        var refusal = await Assert.ThrowsAsync<RpcException>(() => RenewAsync(certificate));

        Assert.Equal(StatusCode.Unauthenticated, refusal.StatusCode);
    }

    [Fact]
    public async Task Connection_without_a_certificate_ends_in_the_handshake()
    {
        var refusal = await Assert.ThrowsAsync<RpcException>(() => RenewAsync(null));

        Assert.NotEqual(StatusCode.PermissionDenied, refusal.StatusCode);   // never reached a service that could say so
    }

    [Fact]
    public async Task Certificate_of_another_authority_ends_in_the_handshake_even_with_our_subject()
    {
        using var foreign = ForeignCertificates.For(PeerIdentity.Subject(PeerKind.Machine, Guid.CreateVersion7()));

        var refusal = await Assert.ThrowsAsync<RpcException>(() => RenewAsync(foreign));

        Assert.NotEqual(StatusCode.PermissionDenied, refusal.StatusCode);
    }

    [Fact]
    public async Task Server_certificate_is_not_accepted_as_a_peer()
    {
        using var server = _broker.Services.GetRequiredService<CertificateAuthority>().IssueServer(["broker.montalegre.internal"], TimeSpan.FromHours(1));

        await Assert.ThrowsAsync<RpcException>(() => RenewAsync(server));
    }

    private async Task<JoinResponse> RenewAsync(X509Certificate2? certificate)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=ignored", key, HashAlgorithmName.SHA256).CreateSigningRequest();
        return await new AgentChannel.AgentChannelClient(_broker.Channel(certificate)).RenewAsync(
            new RenewRequest { CertificateRequest = ByteString.CopyFrom(request) }, cancellationToken: TestContext.Current.CancellationToken);
    }
}
