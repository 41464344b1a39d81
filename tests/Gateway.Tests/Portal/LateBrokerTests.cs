using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Montalegre.Vdi.Contracts.Identity.V1;
using Montalegre.Vdi.Portal.Hosting;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>What the sign-in page offers while the broker is late for a moment: what it knew.</summary>
public sealed class LateBrokerTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly OneAnswer _broker = new();
    private readonly IServiceProvider _services;
    private readonly IOptions<PortalOptions> _options = Options.Create(new PortalOptions { CertificateAddress = ":8443" });
    private readonly DefaultHttpContext _http = new() { Request = { Host = new("portal.example.pt") } };

    public LateBrokerTests() => _services = new ServiceCollection()
        .AddSingleton(new CertificateSignIn.CertificateSignInClient(_broker))
        .AddSingleton(new ProviderSignIn.ProviderSignInClient(_broker))
        .AddSingleton(new PasskeySignIn.PasskeySignInClient(_broker))
        .BuildServiceProvider();

    [Fact]
    public async Task Certificates_stay_offered()
    {
        var calls = new CertificateCalls(_services, _options, _time);
        await StaysOfferedAsync(new CertificatePlace { Offered = true }, () => calls.AreOfferedAsync(_http));
    }

    [Fact]
    public async Task Providers_stay_offered()
    {
        var calls = new ProviderCalls(_services, _options, _time, NullLogger<ProviderCalls>.Instance);
        await StaysOfferedAsync(new ListSignInProvidersResponse { Providers = { new SignInProvider() } }, async () => (await calls.ListAsync(_http)).Count > 0);
    }

    [Fact]
    public async Task Passkeys_stay_offered()
    {
        var calls = new PasskeyCalls(_services, _options, _time);
        await StaysOfferedAsync(new PasskeyPlace { Host = "example.pt" }, () => calls.AreOfferedAsync(_http));
    }

    private async Task StaysOfferedAsync(object answer, Func<Task<bool>> offered)
    {
        Assert.False(await offered());
        _broker.Answer = answer;
        Assert.True(await offered());       // that nothing came is not kept
        _broker.Answer = null;
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.True(await offered());
    }

    /// <summary>A broker that has one answer for everything, or is late.</summary>
    private sealed class OneAnswer : CallInvoker
    {
        public object? Answer { get; set; }

        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => new(
            Answer is TResponse answer ? Task.FromResult(answer) : Task.FromException<TResponse>(new RpcException(new Status(StatusCode.DeadlineExceeded, "late"))),
            Task.FromResult(new Metadata()), () => Status.DefaultSuccess, () => new Metadata(), () => { });

        public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw new NotSupportedException();

        public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw new NotSupportedException();

        public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options) => throw new NotSupportedException();

        public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options) => throw new NotSupportedException();
    }
}
