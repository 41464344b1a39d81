using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Montalegre.Vdi.Agent.Hosting;
using Montalegre.Vdi.Agent.Joining;
using Montalegre.Vdi.Agent.Sessions;
using Montalegre.Vdi.Contracts.Agent.V1;

namespace Montalegre.Vdi.Agent.Registration;

/// <summary>One connection, from hello to its end: hello, snapshot, then whatever the outbox holds, and heartbeats.</summary>
internal sealed class BrokerStream(IGuest guest, SessionBoard board, Outbox outbox, CommandDesk desk, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan FirstAnswer = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ShortestPeriod = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPeriod = TimeSpan.FromMinutes(5);

    /// <summary>Runs until the connection ends; <paramref name="onWelcome"/> says that it was a good one.</summary>
    public async Task RunAsync(Identity identity, AgentChannel.AgentChannelClient client, Action onWelcome, CancellationToken ct)
    {
        await guest.WaitForRdpServerAsync(ct);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(ct);
        using var call = client.Connect(cancellationToken: ending.Token);
        var hello = guest.Describe();
        await call.RequestStream.WriteAsync(new AgentMessage { Hello = hello }, ending.Token);
        var period = await WelcomeAsync(call, ending.Token);
        onWelcome();
        log.Connected(identity.Channel, period);

        var inDoubt = new InDoubt(time);
        var writing = WriteAsync(call.RequestStream, hello, period, inDoubt, ending.Token);
        var reading = ReadAsync(call.ResponseStream, ending.Token, ct);
        try
        {
            await await Task.WhenAny(writing, reading);
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll(writing, reading).ContinueWith(static _ => { }, TaskScheduler.Default);
            foreach (var message in inDoubt.Take(board)) outbox.Post(message);
        }
    }

    private async Task<TimeSpan> WelcomeAsync(AsyncDuplexStreamingCall<AgentMessage, BrokerMessage> call, CancellationToken ct)
    {
        using var deadline = new CancellationTokenSource(FirstAnswer, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, deadline.Token);
        if (!await call.ResponseStream.MoveNext(either.Token)) throw new RpcException(new Status(StatusCode.Unavailable, "the broker hung up before its welcome"));
        if (call.ResponseStream.Current is not { KindCase: BrokerMessage.KindOneofCase.Welcome } first)
            throw new RpcException(new Status(StatusCode.Internal, "the broker's first message was not a welcome"));
        var period = first.Welcome.HeartbeatEvery is { Seconds: >= 0 and < 3600 } every ? every.ToTimeSpan() : TimeSpan.FromSeconds(5);
        return TimeSpan.FromTicks(Math.Clamp(period.Ticks, ShortestPeriod.Ticks, LongestPeriod.Ticks));
    }

    // One writer: gRPC allows one write at a time, and order matters between snapshot and changes.
    private async Task WriteAsync(IClientStreamWriter<AgentMessage> stream, Hello hello, TimeSpan period, InDoubt inDoubt, CancellationToken ct)
    {
        await stream.WriteAsync(new AgentMessage { Sessions = board.Snapshot() }, ct);
        using var timer = new PeriodicTimer(period, time);
        var tick = timer.WaitForNextTickAsync(ct).AsTask();
        using var taking = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var next = outbox.TakeAsync(taking.Token).AsTask();
        try
        {
            while (true)
            {
                if (await Task.WhenAny(next, tick) == next)
                {
                    await stream.WriteAsync(await next, ct);
                    inDoubt.Written(await next);
                    next = outbox.TakeAsync(taking.Token).AsTask();
                    continue;
                }

                await tick;
                var heartbeat = new Heartbeat { LoadPermille = guest.LoadPermille(), Idle = { await guest.IdleTimesAsync(ct) } };
                await stream.WriteAsync(new AgentMessage { Heartbeat = heartbeat }, ct);
                var now = guest.Describe();
                if (!now.Equals(hello)) await stream.WriteAsync(new AgentMessage { Hello = hello = now }, ct);
                tick = timer.WaitForNextTickAsync(ct).AsTask();
            }
        }
        catch
        {
            // INVARIANT: what was taken from the outbox and not written is written by the next connection.
            await taking.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (next.IsCompletedSuccessfully) outbox.Post(await next);
            throw;
        }
    }

    private async Task ReadAsync(IAsyncStreamReader<BrokerMessage> stream, CancellationToken ending, CancellationToken ct)
    {
        while (await stream.MoveNext(ending))
        {
            // Commands outlive the connection that brought them: their answers wait in the outbox.
            if (stream.Current.KindCase == BrokerMessage.KindOneofCase.Command) _ = desk.TakeAsync(stream.Current.Command, ct);
        }
        throw new RpcException(new Status(StatusCode.Unavailable, "the broker closed the stream"));
    }
}
