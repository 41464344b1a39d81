using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Montalegre.Vdi.Contracts.Agent.V1;

namespace Montalegre.Vdi.Agent.Tests;

public sealed class RealXrdpTests
{
    private const string User = "agentprobe", Other = "agentprobe2";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task One_time_secret_opens_a_real_desktop_that_is_reported_messaged_disconnected_rejoined_and_logged_off()
    {
        if (XrdpMachine.Missing() is { } why) Assert.Skip(why);
        await using var broker = await FakeBroker.StartAsync();
        await using var machine = await XrdpMachine.StartAsync(broker.Document());
        try
        {
            await RunAsync(broker, machine);
        }
        catch (Exception e) when (e is OperationCanceledException or Xunit.Sdk.XunitException)
        {
            throw new InvalidOperationException(machine.Output, e);
        }
    }

    private static async Task RunAsync(FakeBroker broker, XrdpMachine machine)
    {
        var connection = await broker.Script.NextConnectionAsync(Patience);
        Assert.Equal((uint)machine.Port, connection.Hello.RdpPort);
        Assert.Equal(machine.CertificateSha256, connection.Hello.RdpCertificateSha256.ToByteArray());

        var first = Secret();
        Assert.Equal("", (await connection.AskAsync(Prepare("p1", first), Patience)).Error);
        var client = machine.Connect(User, first);
        foreach (var phase in new[] { "authenticate", "session_open", "display", "desktop" })
        {
            var reached = (await connection.NextAsync(AgentMessage.KindOneofCase.Phase, Patience)).Phase;
            Assert.Equal(("s-1", phase), (reached.SessionId, reached.Phase));
            Assert.True(reached.EndedAt >= reached.StartedAt);
        }

        var session = await SessionAsync(connection, GuestSessionState.Active);
        Assert.Equal((User, "s-1"), (session.UserName, session.SessionId));
        await Deadline.UntilAsync(() => machine.Running("sleep 54321").Count > 0);
        Assert.Null(session.Programs);
        Assert.Contains("has a desktop", (await connection.AskAsync(Command("b1", c => c.StartProgram = new StartProgram { GuestSessionId = session.GuestSessionId, LaunchId = "b", Name = "b", Line = "xclock" }), Patience)).Error, StringComparison.Ordinal);
        await UntilIdleAsync(connection, session.GuestSessionId);

        Assert.Equal("", (await connection.AskAsync(Command("m1", c => c.Message = new ShowMessage { GuestSessionId = session.GuestSessionId, Title = "Aviso", Text = "A máquina reinicia às 18h." }), Patience)).Error);
        await Deadline.UntilAsync(() => machine.Running("xmessage").Count > 0);

        Assert.Equal("", (await connection.AskAsync(Command("d1", c => c.Disconnect = new Disconnect { GuestSessionId = session.GuestSessionId }), Patience)).Error);
        await SessionAsync(connection, GuestSessionState.Disconnected);
        await client.WaitForExitAsync(new CancellationTokenSource(Patience).Token);

        var second = Secret();
        Assert.Equal("", (await connection.AskAsync(Prepare("p2", second), Patience)).Error);
        _ = machine.Connect(User, second);
        Assert.Equal(session.GuestSessionId, (await SessionAsync(connection, GuestSessionState.Active)).GuestSessionId);

        // The client keeps its desktop; its used secret opens nothing more.
        machine.Connect(User, second);
        await Deadline.UntilAsync(() => machine.SesmanLog.Contains("AUTHFAIL", StringComparison.Ordinal), Patience);
        await Deadline.UntilAsync(() => machine.Running("Xorg :").Count == 1);      // one that starts a program is two for a moment

        Assert.Equal("", (await connection.AskAsync(Command("l1", c => c.LogOff = new LogOff { GuestSessionId = session.GuestSessionId }), Patience)).Error);
        var closed = (await connection.NextAsync(AgentMessage.KindOneofCase.SessionClosed, Patience)).SessionClosed;
        Assert.Equal((session.GuestSessionId, "s-1"), (closed.GuestSessionId, closed.SessionId));
        Assert.Empty(machine.Running("sleep 54321"));
        Assert.Empty(machine.Running("Xorg :"));
        Assert.Contains("no such session", (await connection.AskAsync(Command("l2", c => c.LogOff = new LogOff { GuestSessionId = session.GuestSessionId }), Patience)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_people_at_once_on_one_machine_have_a_session_each_that_the_others_secret_does_not_open()
    {
        if (XrdpMachine.Missing() is { } why) Assert.Skip(why);
        await using var broker = await FakeBroker.StartAsync();
        await using var machine = await XrdpMachine.StartAsync(broker.Document());
        try
        {
            await SharedAsync(broker, machine);
        }
        catch (Exception e) when (e is OperationCanceledException or Xunit.Sdk.XunitException)
        {
            throw new InvalidOperationException(machine.Output, e);
        }
    }

    private static async Task SharedAsync(FakeBroker broker, XrdpMachine machine)
    {
        var connection = await broker.Script.NextConnectionAsync(Patience);
        var (ana, rui) = (Secret(), Secret());
        Assert.Equal("", (await connection.AskAsync(Prepare("p1", ana, User, "s-1"), Patience)).Error);
        Assert.Equal("", (await connection.AskAsync(Prepare("p2", rui, Other, "s-2"), Patience)).Error);

        machine.Connect(Other, ana);      // the wrong person's: nothing opens, and the right one stays good
        await Deadline.UntilAsync(() => machine.SesmanLog.Contains("AUTHFAIL", StringComparison.Ordinal), Patience);
        Assert.Empty(machine.Running("Xorg :"));
        machine.Connect(User, ana);
        machine.Connect(Other, rui);

        var sessions = new Dictionary<string, GuestSession>();
        while (sessions.Count < 2)
        {
            var session = await SessionAsync(connection, GuestSessionState.Active);
            if (session.SessionId.Length > 0) sessions[session.UserName] = session;
        }
        Assert.Equal(("s-1", "s-2"), (sessions[User].SessionId, sessions[Other].SessionId));
        Assert.NotEqual(sessions[User].GuestSessionId, sessions[Other].GuestSessionId);
        await Deadline.UntilAsync(() => machine.Running("Xorg :").Count == 2);      // one that starts a program is two for a moment

        // What is said to one person is shown on that one's screen, by a program of that one's own.
        Assert.Equal("", (await connection.AskAsync(Command("m1", c => c.Message = new ShowMessage { GuestSessionId = sessions[Other].GuestSessionId, Title = "Aviso", Text = "Só para si." }), Patience)).Error);
        await Deadline.UntilAsync(() => machine.OwnersOf("xmessage").SequenceEqual([Other]));     // it begins as another program
        Assert.Equal("", (await connection.AskAsync(Command("m2", c => c.Message = new ShowMessage { GuestSessionId = sessions[User].GuestSessionId, Title = "Aviso", Text = "E só para si." }), Patience)).Error);
        await Deadline.UntilAsync(() => machine.OwnersOf("xmessage").Order().SequenceEqual(new[] { Other, User }.Order()));

        // What is asked of one session happens to that one.
        Assert.Equal("", (await connection.AskAsync(Command("d1", c => c.Disconnect = new Disconnect { GuestSessionId = sessions[Other].GuestSessionId }), Patience)).Error);
        Assert.Equal(Other, (await SessionAsync(connection, GuestSessionState.Disconnected)).UserName);
        Assert.Equal("", (await connection.AskAsync(Command("l1", c => c.LogOff = new LogOff { GuestSessionId = sessions[Other].GuestSessionId }), Patience)).Error);
        var closed = (await connection.NextAsync(AgentMessage.KindOneofCase.SessionClosed, Patience)).SessionClosed;
        Assert.Equal((sessions[Other].GuestSessionId, "s-2"), (closed.GuestSessionId, closed.SessionId));
        await Deadline.UntilAsync(() => machine.Running("Xorg :").Count == 1);      // one that starts a program is two for a moment
        Assert.Equal("", (await connection.AskAsync(Command("l2", c => c.LogOff = new LogOff { GuestSessionId = sessions[User].GuestSessionId }), Patience)).Error);
        Assert.Equal("s-1", (await connection.NextAsync(AgentMessage.KindOneofCase.SessionClosed, Patience)).SessionClosed.SessionId);
    }

    private static string Secret() => Convert.ToHexString(RandomNumberGenerator.GetBytes(16));

    private static Command Prepare(string id, string secret, string user = User, string session = "s-1") => Command(id, c => c.PrepareSignIn = new PrepareSignIn
    {
        SessionId = session,
        UserName = user,
        DisplayName = "Ana, da Câmara: \"teste\"",
        SecretSha256 = ByteString.CopyFrom(SHA256.HashData(Encoding.UTF8.GetBytes(secret))),
    });

    private static Command Command(string id, Action<Command> fill)
    {
        var command = new Command { CommandId = id, Epoch = 1, Lifetime = new Duration { Seconds = 60 } };
        fill(command);
        return command;
    }

    private static async Task<GuestSession> SessionAsync(FakeConnection connection, GuestSessionState state)
    {
        while (true)
        {
            var session = (await connection.NextAsync(AgentMessage.KindOneofCase.SessionChanged, Patience)).SessionChanged;
            if (session.State == state) return session;
        }
    }

    private static async Task UntilIdleAsync(FakeConnection connection, string guestSession)
    {
        while (true)
        {
            var heartbeat = (await connection.NextAsync(AgentMessage.KindOneofCase.Heartbeat, Patience)).Heartbeat;
            if (heartbeat.Idle.Any(i => i.GuestSessionId == guestSession && i.Idle.ToTimeSpan() > TimeSpan.Zero)) return;
        }
    }
}
