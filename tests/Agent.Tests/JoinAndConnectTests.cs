using Google.Protobuf.WellKnownTypes;
using Montalegre.Vdi.Agent.Sessions;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Agent.Tests;

public sealed class JoinAndConnectTests
{
    private const AgentMessage.KindOneofCase Heartbeat = AgentMessage.KindOneofCase.Heartbeat;
    private const AgentMessage.KindOneofCase Snapshot = AgentMessage.KindOneofCase.Sessions;
    private const AgentMessage.KindOneofCase Closed = AgentMessage.KindOneofCase.SessionClosed;
    private const AgentMessage.KindOneofCase Changed = AgentMessage.KindOneofCase.SessionChanged;

    private static FakeGuest Ready(JoinDocument document)
    {
        var guest = new FakeGuest { Document = document };
        guest.RdpListens.SetResult();
        return guest;
    }

    [Fact]
    public async Task Agent_joins_with_its_token_then_says_hello_snapshot_and_heartbeats_over_mutual_tls()
    {
        await using var broker = await FakeBroker.StartAsync();
        var document = broker.Document();
        await using var agent = new RunningAgent(Ready(document));
        var connection = await broker.Script.NextConnectionAsync();
        Assert.Equal("fake", connection.Hello.ComputerName);
        Assert.Equal(document.Token, Assert.Single(broker.Script.Joins).JoinToken);
        Assert.Empty((await connection.NextAsync(Snapshot)).Sessions.Sessions);
        Assert.Equal(125u, (await connection.NextAsync(Heartbeat)).Heartbeat.LoadPermille);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(agent.StateDirectory, "identity")));
    }

    [Fact]
    public async Task Hello_waits_until_the_rdp_server_listens()
    {
        await using var broker = await FakeBroker.StartAsync();
        var guest = new FakeGuest { Document = broker.Document() };
        await using var agent = new RunningAgent(guest);
        await Deadline.UntilAsync(() => File.Exists(Path.Combine(agent.StateDirectory, "identity")));
        Assert.False(broker.Script.Connected.Reader.TryPeek(out _));
        guest.RdpListens.SetResult();
        await broker.Script.NextConnectionAsync();
    }

    [Fact]
    public async Task Token_is_never_shown_to_a_broker_whose_authority_is_not_the_pinned_one()
    {
        await using var broker = await FakeBroker.StartAsync();
        await using var impostor = await FakeBroker.StartAsync();
        var guest = Ready(impostor.Document(pin: new string('0', 64)));
        await using var agent = new RunningAgent(guest);
        await Deadline.UntilAsync(() => guest.TimesAskedForDocument > 3);
        Assert.Empty(impostor.Script.Joins);
        guest.Document = broker.Document();
        await broker.Script.NextConnectionAsync();
    }

    [Fact]
    public async Task Server_certificate_of_the_right_authority_but_another_name_is_refused()
    {
        var authority = new TestAuthority();
        await using var other = await FakeBroker.StartAsync(authority, serverName: "gateway.montalegre.internal");
        await using var broker = await FakeBroker.StartAsync(authority);
        var guest = Ready(other.Document());
        await using var agent = new RunningAgent(guest);
        await Deadline.UntilAsync(() => guest.TimesAskedForDocument > 3);
        Assert.Empty(other.Script.Joins);
        guest.Document = broker.Document();
        await broker.Script.NextConnectionAsync();
    }

    [Fact]
    public async Task Agent_comes_back_with_the_same_certificate_and_a_fresh_snapshot_after_the_broker_restarted()
    {
        var authority = new TestAuthority();
        var script = new Script();
        // Not the kernel's: while the broker is away, anybody could be given those.
        var broker = await FakeBroker.StartAsync(authority, ports: [LoopbackPorts.Free(), LoopbackPorts.Free()], script: script);
        await using var agent = new RunningAgent(Ready(broker.Document()));
        var first = await script.NextConnectionAsync();
        await first.NextAsync(Snapshot);
        agent.Board.Put(new SeenSession("s1", "ana", true, DateTimeOffset.UnixEpoch));
        agent.Board.Put(new SeenSession("s2", "rui", true, DateTimeOffset.UnixEpoch));
        await first.NextAsync(Changed);
        var ports = broker.Ports;
        await broker.DisposeAsync();
        agent.Board.Close("s1");

        await using var again = await FakeBroker.StartAsync(authority, ports: ports, script: script);
        var second = await script.NextConnectionAsync();
        Assert.Equal(first.Thumbprint, second.Thumbprint);
        Assert.Equal("s2", Assert.Single((await second.NextAsync(Snapshot)).Sessions.Sessions).GuestSessionId);
        Assert.Equal("s1", (await second.NextAsync(Closed)).SessionClosed.GuestSessionId);
        Assert.Single(script.Joins);
    }

    [Fact]
    public async Task Restarted_agent_uses_its_stored_certificate_and_does_not_join_again()
    {
        await using var broker = await FakeBroker.StartAsync();
        var state = Directory.CreateTempSubdirectory("agent-test").FullName;
        var document = broker.Document();
        await using (new RunningAgent(Ready(document), state)) await broker.Script.NextConnectionAsync();
        await using (new RunningAgent(Ready(document), state)) await broker.Script.NextConnectionAsync();
        Assert.Single(broker.Script.Joins);
        Directory.Delete(state, recursive: true);
    }

    [Fact]
    public async Task Refused_certificate_is_replaced_by_joining_once_a_fresh_document_is_there()
    {
        await using var broker = await FakeBroker.StartAsync();
        var guest = Ready(broker.Document());
        await using var agent = new RunningAgent(guest);
        var first = await broker.Script.NextConnectionAsync();
        broker.Script.RefusedCertificates.Add(first.Thumbprint);
        await first.HangUp.CancelAsync();
        guest.Document = broker.Document();
        var second = await broker.Script.NextConnectionAsync();
        Assert.NotEqual(first.Thumbprint, second.Thumbprint);
        Assert.Equal(2, broker.Script.Joins.Count);
    }

    [Fact]
    public async Task Refused_token_is_tried_again_with_waits_and_a_new_document_is_picked_up()
    {
        await using var broker = await FakeBroker.StartAsync();
        var guest = Ready(broker.Document());
        broker.Script.RefusedTokens.Add(guest.Document!.Token);
        await using var agent = new RunningAgent(guest);
        await Deadline.UntilAsync(() => broker.Script.Joins.Count >= 2);
        guest.Document = broker.Document();
        await broker.Script.NextConnectionAsync();
    }

    [Fact]
    public async Task Certificate_is_renewed_at_two_thirds_of_its_life_with_a_new_key()
    {
        await using var broker = await FakeBroker.StartAsync();
        // Two thirds of three hours are over in a moment, and the last one is longer than any pause.
        var seen = new TaskCompletionSource();
        (broker.Script.CertificateAge, broker.Script.CertificateLife, broker.Script.MayRenew) = (TimeSpan.FromHours(2) - TimeSpan.FromSeconds(4), TimeSpan.FromHours(1), seen.Task);
        await using var agent = new RunningAgent(Ready(broker.Document()));
        var first = await broker.Script.NextConnectionAsync();
        broker.Script.CertificateAge = TimeSpan.FromSeconds(1);
        seen.SetResult();
        var second = await broker.Script.NextConnectionAsync();
        Assert.Single(broker.Script.Renewals);
        Assert.Single(broker.Script.Joins);
        Assert.NotEqual(first.Thumbprint, second.Thumbprint);
    }

    [Fact]
    public async Task Old_expired_unknown_and_repeated_commands_are_refused_or_answered_as_before()
    {
        await using var broker = await FakeBroker.StartAsync();
        var guest = Ready(broker.Document());
        await using var agent = new RunningAgent(guest);
        var broken = await broker.Script.NextConnectionAsync();
        Command LogOff(string id, ulong epoch, int seconds) => new() { CommandId = id, Epoch = epoch, Lifetime = Duration.FromTimeSpan(TimeSpan.FromSeconds(seconds)), LogOff = new LogOff { GuestSessionId = id } };

        Assert.True((await broken.AskAsync(LogOff("a", 7, 10))).Ok);
        Assert.True((await broken.AskAsync(LogOff("a", 7, 10))).Ok);
        Assert.Contains("older", (await broken.AskAsync(LogOff("b", 6, 10))).Error, StringComparison.Ordinal);
        Assert.Contains("expired", (await broken.AskAsync(LogOff("c", 7, 0))).Error, StringComparison.Ordinal);
        Assert.Contains("does not know", (await broken.AskAsync(new Command { CommandId = "d", Epoch = 8, Lifetime = new Duration { Seconds = 5 } })).Error, StringComparison.Ordinal);
        Assert.Contains("expired", (await broken.AskAsync(new Command { CommandId = "e", Epoch = 8, Lifetime = new Duration { Seconds = long.MinValue }, Restart = new Restart() })).Error, StringComparison.Ordinal);
        guest.OnLogOff = (_, _) => throw new InvalidOperationException("boom");
        Assert.Contains("boom", (await broken.AskAsync(LogOff("f", 8, 10))).Error, StringComparison.Ordinal);
        guest.OnLogOff = async (_, ct) =>
        {
            await Task.Delay(Timeout.Infinite, ct);
            return null;
        };
        Assert.Contains("within", (await broken.AskAsync(LogOff("g", 8, 1))).Error, StringComparison.Ordinal);
        Assert.Equal(["logoff a", "logoff f", "logoff g"], guest.Obeyed);
    }
}
