using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Net.Client;
using Montalegre.Vdi.Contracts.Agent.V1;

namespace Montalegre.Vdi.Broker.Tests.Agents;

/// <summary>An agent at the other end of a real stream: says hello, beats, and does what it is told.</summary>
internal sealed class ConnectedAgent : IAsyncDisposable
{
    private readonly AsyncDuplexStreamingCall<AgentMessage, BrokerMessage> _call;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly TaskCompletionSource _welcomed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<string?> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _reading;
    private Task _beating = Task.CompletedTask;

    private ConnectedAgent(AsyncDuplexStreamingCall<AgentMessage, BrokerMessage> call)
    {
        _call = call;
        _reading = ReadAsync();
    }

    public ConcurrentQueue<Command> Commands { get; } = new();

    /// <summary>What the agent answers; null for silence.</summary>
    public Func<Command, CommandResult?> Answer { get; set; } = c => new CommandResult { CommandId = c.CommandId, Ok = true };

    public static Task<ConnectedAgent> ConnectAsync(GrpcChannel channel, string boot, TimeSpan? beat, params NetworkCard[] cards) => ConnectAsync(channel, boot, beat, false, cards);

    public static async Task<ConnectedAgent> ConnectAsync(GrpcChannel channel, string boot, TimeSpan? beat, bool startsPrograms, params NetworkCard[] cards)
    {
        var agent = new ConnectedAgent(new AgentChannel.AgentChannelClient(channel).Connect());
        await agent.SayAsync(new AgentMessage
        {
            Hello = new Hello
            {
                AgentVersion = "test", OperatingSystem = "Debian", OperatingSystemFamily = "linux", ComputerName = "test", Addresses = { "10.0.0.9" },
                RdpPort = 3389, RdpCertificateSha256 = Google.Protobuf.ByteString.CopyFrom(new byte[32]), BootId = boot, NetworkCards = { cards }, StartsPrograms = startsPrograms,
            },
        });
        if (beat is { } every) agent._beating = agent.BeatAsync(every);
        return agent;
    }

    public Task WelcomedAsync() => _welcomed.Task.WaitAsync(TimeSpan.FromSeconds(60));

    /// <summary>The reason trailer with which the broker ended the stream.</summary>
    public Task<string?> EndReasonAsync() => _ended.Task.WaitAsync(TimeSpan.FromSeconds(60));

    public async Task SayAsync(AgentMessage message)
    {
        await _writing.WaitAsync();
        try
        {
            await _call.RequestStream.WriteAsync(message);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Sends heartbeats as fast as they go until the broker has enough.</summary>
    public async Task FloodAsync(int messages)
    {
        try
        {
            for (var i = 0; i < messages; i++) await SayAsync(new AgentMessage { Heartbeat = new Heartbeat() });
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException)
        {
            // Cut in the middle, as it should be.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _call.Dispose();
        await Task.WhenAll(_reading, _beating);
    }

    private async Task ReadAsync()
    {
        try
        {
            while (await _call.ResponseStream.MoveNext(_stop.Token))
            {
                var message = _call.ResponseStream.Current;
                if (message.KindCase == BrokerMessage.KindOneofCase.Welcome) _welcomed.TrySetResult();
                if (message.KindCase != BrokerMessage.KindOneofCase.Command) continue;
                Commands.Enqueue(message.Command);
                if (Answer(message.Command) is { } result) await SayAsync(new AgentMessage { Result = result });
            }
            _ended.TrySetResult("closed");
        }
        catch (RpcException e)
        {
            _ended.TrySetResult(e.Trailers.GetValue("reason") ?? e.StatusCode.ToString());
        }
        catch (Exception e) when (e is OperationCanceledException or InvalidOperationException or ObjectDisposedException)
        {
            _ended.TrySetResult("left");
        }
    }

    private async Task BeatAsync(TimeSpan every)
    {
        using var timer = new PeriodicTimer(every);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token)) await SayAsync(new AgentMessage { Heartbeat = new Heartbeat() });
        }
        catch (Exception e) when (e is OperationCanceledException or RpcException or InvalidOperationException or ObjectDisposedException)
        {
            // The stream is over; its end is what the test looks at.
        }
    }
}
