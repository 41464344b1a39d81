using Grpc.Core;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Domain;
using Duration = Google.Protobuf.WellKnownTypes.Duration;

namespace Montalegre.Vdi.Broker.Agents;

/// <summary>How a conversation with an agent ended.</summary>
internal enum ConversationEnd { AgentLeft, NoHello, UnknownMachine, Superseded, TooManyMessages, DuplicateIdentity }

/// <summary>One agent's stream from hello to the end. Messages are handled in order, one at a time: a slow broker slows its agent.</summary>
internal sealed class AgentConversation(
    AgentDirectory directory, AgentStore agents, IGuestReports guests, Node node,
    PeerCheck peers, IOptions<AgentOptions> options, TimeProvider time, ILogger<AgentConversation> log)
{
    private const int MostSessions = 1000;

    /// <summary>Returns when the stream is over; throws only what is broken on our side.</summary>
    public async Task<ConversationEnd> RunAsync(
        MachineId machine, string address, IAsyncStreamReader<AgentMessage> incoming, IServerStreamWriter<BrokerMessage> outgoing, CancellationToken ct)
    {
        if (await HelloAsync(incoming, ct) is not { } hello) return ConversationEnd.NoHello;
        using var stream = new AgentStream(machine, Bounded.Text(hello.BootId, 64), address, outgoing, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, stream.Ended);
        // Admitted before the row is written: a sweep that runs in between sees the agent as present.
        directory.Admit(stream);
        try
        {
            var greeted = await agents.GreetAsync(machine, node.Id, hello, new(Guid.CreateVersion7(time.GetUtcNow())));
            if (greeted is null) return ConversationEnd.UnknownMachine;
            log.AgentConnected(machine, address, Bounded.Text(hello.AgentVersion, 100), greeted.State);
            await stream.SendAsync(new BrokerMessage { Welcome = new Welcome { HeartbeatEvery = Duration.FromTimeSpan(options.Value.HeartbeatEvery) } }, either.Token);
            return await ListenAsync(stream, incoming, greeted.Rebooted, either.Token);
        }
        catch (Exception e) when (e is OperationCanceledException || Broken(e))
        {
            return stream.CutBecause switch
            {
                RefusalReason.DuplicateIdentity => ConversationEnd.DuplicateIdentity,
                _ => stream.Ended.IsCancellationRequested ? ConversationEnd.Superseded : ConversationEnd.AgentLeft,
            };
        }
        finally
        {
            directory.Leave(stream);
            log.AgentLeft(machine);
        }
    }

    private async Task<Hello?> HelloAsync(IAsyncStreamReader<AgentMessage> incoming, CancellationToken ct)
    {
        using var deadline = new CancellationTokenSource(options.Value.HelloWithin, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, ct);
        try
        {
            return await incoming.MoveNext(either.Token) && incoming.Current.KindCase == AgentMessage.KindOneofCase.Hello ? incoming.Current.Hello : null;
        }
        catch (Exception e) when (e is OperationCanceledException || Broken(e))
        {
            return null;
        }
    }

    private async Task<ConversationEnd> ListenAsync(AgentStream stream, IAsyncStreamReader<AgentMessage> incoming, bool rebooted, CancellationToken ct)
    {
        var allowance = new MessageAllowance(options.Value.MessageBurst, options.Value.MessagesPerSecond, time);
        while (await incoming.MoveNext(ct))
        {
            if (!allowance.TryTake())
            {
                log.StreamCut(stream.Machine, "it sent too many messages");
                return ConversationEnd.TooManyMessages;
            }
            if (!directory.Heard(stream))
            {
                await QuarantineAsync(stream);
                return ConversationEnd.DuplicateIdentity;
            }
            // The duty to tell a boot from a reconnection ends with the first snapshot.
            if (await HandleAsync(stream, incoming.Current, rebooted, ct)) rebooted = false;
        }
        return ConversationEnd.AgentLeft;
    }

    private async Task<bool> HandleAsync(AgentStream stream, AgentMessage message, bool rebooted, CancellationToken ct)
    {
        switch (message.KindCase)
        {
            case AgentMessage.KindOneofCase.Sessions when message.Sessions.Sessions.Count <= MostSessions:
                await guests.SnapshotAsync(stream.Machine, rebooted, message.Sessions.Sessions, ct);
                return true;
            case AgentMessage.KindOneofCase.SessionChanged:
                await guests.ChangedAsync(stream.Machine, message.SessionChanged, ct);
                return false;
            case AgentMessage.KindOneofCase.SessionClosed:
                await guests.ClosedAsync(stream.Machine, message.SessionClosed, ct);
                return false;
            case AgentMessage.KindOneofCase.LockLost:
                await guests.LockLostAsync(stream.Machine, message.LockLost, ct);
                return false;
            case AgentMessage.KindOneofCase.Phase:
                await guests.PhaseAsync(stream.Machine, message.Phase, ct);
                return false;
            case AgentMessage.KindOneofCase.Result:
                stream.Answer(message.Result);
                return false;
            case AgentMessage.KindOneofCase.Heartbeat when message.Heartbeat.Idle.Count <= MostSessions:
                guests.Idle(stream.Machine, message.Heartbeat.Idle);
                return false;
            default:
                return false;   // a newer agent may say more than we know
        }
    }

    private async Task QuarantineAsync(AgentStream stream)
    {
        var other = directory.AddressOf(stream.Machine) ?? "";
        log.DuplicateIdentity(stream.Machine, stream.Address, other);
        await agents.QuarantineAsync(stream.Machine, stream.Address, other);
        await peers.RevokeAsync(PeerKind.Machine, stream.Machine.Value);   // also forgets that the certificate was good a moment ago
        directory.Cut(stream.Machine, RefusalReason.DuplicateIdentity);
    }

    // A peer that leaves is not an error: Kestrel reports it as an aborted read or write.
    private static bool Broken(Exception e) => e is IOException or InvalidOperationException { Source: "Grpc.AspNetCore.Server" } or RpcException;
}
