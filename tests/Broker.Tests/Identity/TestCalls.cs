using Grpc.Core;

namespace Montalegre.Vdi.Broker.Tests.Identity;

/// <summary>What tests ask of a call beside its answer.</summary>
internal static class TestCalls
{
    /// <summary>The reason code of a call that is refused.</summary>
    public static async Task<string?> WhyNotAsync(Func<Task> act) => (await Assert.ThrowsAsync<RpcException>(act)).Trailers.GetValue("reason");

    /// <summary>The next message of a watch that goes on.</summary>
    public static async Task<T> NextAsync<T>(AsyncServerStreamingCall<T> watch) =>
        await watch.ResponseStream.MoveNext(TestContext.Current.CancellationToken) ? watch.ResponseStream.Current : throw new InvalidOperationException("the watch has ended");

    /// <summary>The next message that tells this. What was being told while the watch began may come once more before it, and nothing else.</summary>
    public static async Task<T> NextAsync<T>(AsyncServerStreamingCall<T> watch, Func<T, bool> tells, Func<T, bool> onceMore)
    {
        while (true)
        {
            var next = await NextAsync(watch);
            if (tells(next)) return next;
            Assert.True(onceMore(next), $"{next}");
        }
    }
}
