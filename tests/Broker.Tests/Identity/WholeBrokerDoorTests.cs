using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;

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

    [Fact]
    public async Task Watch_that_says_nothing_ends_with_the_key_it_was_opened_with()
    {
        var services = broker.Services;
        var hash = await services.GetRequiredService<Passwords>().HashAsync(TestApi.Password);
        await services.GetRequiredService<UserStore>().CreateAsync(new Person(new Domain.UserId(Guid.CreateVersion7()), "watcher", "watcher", true, true), hash!, TestApi.By);
        var boss = TestApi.With(await TestFactor.AdministratorAsync(services, "watcher", TestApi.Password));
        var keys = new ApiKeys.ApiKeysClient(broker.Api());
        var made = await keys.MakeAsync(new() { Name = "watcher", Role = "read_only", Days = 1 }, boss);
        using var watch = new Contracts.Admin.V1.Sessions.SessionsClient(broker.Api()).Watch(new(), TestApi.With(made.Secret).WithDeadline(DateTime.UtcNow.AddMinutes(2)));
        Assert.True(await watch.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        var ended = ReadToEndAsync(watch);

        await keys.RevokeAsync(new() { ApiKeyId = made.Key.ApiKeyId }, boss);

        Assert.Equal("API_KEY_INVALID", (await Assert.ThrowsAsync<RpcException>(() => ended)).Trailers.GetValue("reason"));
    }

    // What it told at its beginning may come once more.
    private static async Task ReadToEndAsync<T>(AsyncServerStreamingCall<T> watch)
    {
        while (await watch.ResponseStream.MoveNext(TestContext.Current.CancellationToken)) { }
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
