using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Montalegre.Vdi.Contracts.Agent.V1;

namespace Montalegre.Vdi.Agent.Tests;

/// <summary>Programs side by side in a real xrdp session, under the script of the image, seen through a real client.</summary>
public sealed class RealProgramsTests
{
    private const string User = "agentprobe";
    private const int Terminal = 0xAA3377, Clock = 0x33AA77;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [Fact]
    public Task Second_program_opens_beside_the_first_once_and_the_session_ends_with_the_last() => OnAsync(RunAsync);

    [Fact]
    public Task Log_off_ends_all_programs_in_order() => OnAsync(LogOffAsync);

    private static async Task OnAsync(Func<FakeBroker, XrdpMachine, Task> run)
    {
        if ((XrdpMachine.Missing() ?? Missing("/usr/bin/xterm", "/usr/bin/xclock", "/usr/bin/import")) is { } why) Assert.Skip(why);
        await using var broker = await FakeBroker.StartAsync();
        await using var machine = await XrdpMachine.StartAsync(broker.Document(), "export SESSION_MARK=kept", $"xterm -geometry 50x20+0+0 -bg '#{Terminal:X6}' -fg '#{Terminal:X6}' -cr '#{Terminal:X6}' +sb -e sleep 77001");
        try
        {
            await run(broker, machine);
        }
        catch (Exception e) when (e is OperationCanceledException or TimeoutException or Xunit.Sdk.XunitException)
        {
            throw new InvalidOperationException(machine.Output, e);
        }
    }

    private static async Task RunAsync(FakeBroker broker, XrdpMachine machine)
    {
        var (connection, session) = await SignedInAsync(broker, machine);

        // Two launches of it at once, and one of them again.
        var clock = $"'/usr/bin/xclock' -geometry 300x300+450+250 -bg '#{Clock:X6}' -fg '#{Clock:X6}' -hd '#{Clock:X6}' -hl '#{Clock:X6}' -title \"$SESSION_MARK\"";
        connection.Send(Order("c1", "l1", "clock", clock));
        connection.Send(Order("c2", "l2", "clock", clock));
        for (var i = 0; i < 2; i++) Assert.Equal("", (await connection.NextAsync(AgentMessage.KindOneofCase.Result, Patience)).Result.Error);
        Assert.Equal("", await StartAsync("c3", "l1", "clock", clock));
        await RunsAsync(connection, "clock", "first");
        IReadOnlyList<string> clocks = [];
        await Deadline.UntilAsync(() => (clocks = machine.Running("/usr/bin/xclock")).Count == 1);
        Assert.Contains("-title kept", clocks[0], StringComparison.Ordinal);       // and with the session's own environment
        await UntilSeenAsync(machine, Terminal, Clock);

        // It was closed: the launch from before does not bring it back, a new one does.
        await machine.KillInsideAsync("xclock");
        await RunsAsync(connection, "first");
        Assert.Equal("", await StartAsync("c4", "l1", "clock", clock));
        await Deadline.UntilAsync(() => machine.Running("/usr/bin/xclock").Count == 0);
        Assert.Equal("", await StartAsync("c5", "l3", "clock", clock));
        await RunsAsync(connection, "clock", "first");

        // What is not there is said on the screen, and the session goes on.
        Assert.Equal("", await StartAsync("n1", "l4", "none", "no-such-program 'x y'"));
        await RunsAsync(connection, "clock", "first", "none");
        await Deadline.UntilAsync(() => machine.Running("xterm -T Montalegre").Count > 0);
        Assert.Contains("not usable", await StartAsync("n2", "l5", "no name", "x"), StringComparison.Ordinal);
        Assert.Contains("not usable", await StartAsync("n3", "l5", "x", "x\ny"), StringComparison.Ordinal);

        // The first one ends, and comes back when it is asked for.
        await machine.KillInsideAsync("xterm", count: 2);
        Assert.Equal(session, (await RunsAsync(connection, "clock")).GuestSessionId);
        await Deadline.UntilAsync(() => machine.Running("/usr/bin/xclock").Count == 1);
        await Deadline.UntilAsync(() => machine.Running("Xorg :").Count == 1);       // one that starts a program is two for a moment
        Assert.Equal("", await StartAsync("f1", "l6", "first", "xterm -e sleep 77002"));
        await RunsAsync(connection, "clock", "first");
        await machine.KillInsideAsync("xterm");
        await RunsAsync(connection, "clock");

        await machine.KillInsideAsync("xclock");
        Assert.Equal((session, "s-1"), (await connection.NextAsync(AgentMessage.KindOneofCase.SessionClosed, Patience)).SessionClosed is var closed ? (closed.GuestSessionId, closed.SessionId) : default);
        Assert.Empty(machine.Running("Xorg :"));
        Assert.Contains("no such session", await StartAsync("z1", "l7", "clock", clock), StringComparison.Ordinal);

        async Task<string> StartAsync(string command, string launch, string name, string line) => (await connection.AskAsync(Order(command, launch, name, line), Patience)).Error;

        Command Order(string command, string launch, string name, string line) => Command(command, c => c.StartProgram = new StartProgram { GuestSessionId = session, LaunchId = launch, Name = name, Line = line });
    }

    private static async Task LogOffAsync(FakeBroker broker, XrdpMachine machine)
    {
        var (connection, session) = await SignedInAsync(broker, machine);
        Assert.Equal("", (await connection.AskAsync(Command("c1", c => c.StartProgram = new StartProgram { GuestSessionId = session, LaunchId = "l1", Name = "clock", Line = "xclock" }), Patience)).Error);
        await RunsAsync(connection, "clock", "first");

        Assert.Equal("", (await connection.AskAsync(Command("o1", c => c.LogOff = new LogOff { GuestSessionId = session }), Patience)).Error);

        Assert.Equal(session, (await connection.NextAsync(AgentMessage.KindOneofCase.SessionClosed, Patience)).SessionClosed.GuestSessionId);
        foreach (var gone in new[] { "xclock", "sleep 77001", "Xorg :", $"{machine.Directory}/program" }) Assert.Empty(machine.Running(gone));
    }

    private static async Task<(FakeConnection Connection, string Session)> SignedInAsync(FakeBroker broker, XrdpMachine machine)
    {
        var connection = await broker.Script.NextConnectionAsync(Patience);
        Assert.True(connection.Hello.StartsPrograms);
        var secret = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
        Assert.Equal("", (await connection.AskAsync(Command("p1", c => c.PrepareSignIn = new PrepareSignIn
        {
            SessionId = "s-1", UserName = User, DisplayName = "Ana", SecretSha256 = ByteString.CopyFrom(SHA256.HashData(Encoding.UTF8.GetBytes(secret))),
        }), Patience)).Error);
        _ = machine.Connect(User, secret);
        return (connection, (await RunsAsync(connection, "first")).GuestSessionId);
    }

    private static async Task<GuestSession> RunsAsync(FakeConnection connection, params string[] names)
    {
        while (true)
        {
            var session = (await connection.NextAsync(AgentMessage.KindOneofCase.SessionChanged, Patience)).SessionChanged;
            if (session.Programs is { } running && running.Names.SequenceEqual(names)) return session;
        }
    }

    private static Command Command(string id, Action<Command> fill)
    {
        var command = new Command { CommandId = id, Epoch = 1, Lifetime = new Duration { Seconds = 60 } };
        fill(command);
        return command;
    }

    private static async Task UntilSeenAsync(XrdpMachine machine, params int[] colours)
    {
        var picture = Environment.GetEnvironmentVariable("MONTALEGRE_SHOTS") is { Length: > 0 } shots ? Path.Combine(shots, "programs-beside.png") : null;
        var until = DateTime.UtcNow + Patience;
        while (true)
        {
            var pixels = await machine.PixelsAsync(picture);
            var seen = colours.Select(colour => pixels.Count(p => p == colour) / (double)Math.Max(1, pixels.Count)).ToArray();
            if (seen.All(s => s > 0.05)) return;
            Assert.True(DateTime.UtcNow < until, $"seen: {string.Join(", ", seen.Select(s => $"{s:P1}"))}; most is {pixels.GroupBy(p => p).MaxBy(g => g.Count())?.Key:X6}");
            await Task.Delay(500);
        }
    }

    private static string? Missing(params string[] files) => files.FirstOrDefault(f => !File.Exists(f)) is { } file ? $"{file} is not installed" : null;
}
