using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;

namespace Montalegre.Vdi.Broker.Tests.Identity;

/// <summary>The bearer check as a caller meets it: over TLS, at every method that the real broker serves.</summary>
public sealed class WholeBrokerDoorTests(TestBroker broker) : IClassFixture<TestBroker>
{
    private static readonly Marshaller<byte[]> Raw = Marshallers.Create(bytes => bytes, bytes => bytes);

    [Fact]
    public async Task Every_served_method_that_is_not_open_refuses_a_caller_without_token()
    {
        var methods = broker.Services.GetRequiredService<EndpointDataSource>().Endpoints
            .Where(endpoint => endpoint.Metadata.GetMetadata<ServedOn>() is null)
            .Select(endpoint => endpoint.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method)
            .OfType<IMethod>().DistinctBy(method => method.FullName)
            .Where(method => MethodAccessRules.Of(method.FullName) is not MethodAccess.Open).ToList();
        using var channel = broker.Api();

        Assert.True(methods.Count > 20);
        foreach (var method in methods)
        {
            var refused = await Assert.ThrowsAsync<RpcException>(() => CallAsync(channel.CreateCallInvoker(), method));
            Assert.Equal((method.FullName, StatusCode.Unauthenticated, "SIGN_IN_EXPIRED"), (method.FullName, refused.StatusCode, refused.Trailers.GetValue("reason")));
        }
    }

    private static async Task CallAsync(CallInvoker calls, IMethod method)
    {
        var raw = new Method<byte[], byte[]>(method.Type, method.ServiceName, method.Name, Raw, Raw);
        var options = new CallOptions(cancellationToken: TestContext.Current.CancellationToken);
        if (method.Type is MethodType.ServerStreaming)
        {
            using var stream = calls.AsyncServerStreamingCall(raw, null, options, []);
            await stream.ResponseStream.MoveNext(options.CancellationToken);
            return;
        }
        await calls.AsyncUnaryCall(raw, null, options, []);
    }
}
