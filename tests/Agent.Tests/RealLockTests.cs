using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Montalegre.Vdi.Contracts.Agent.V1;

namespace Montalegre.Vdi.Agent.Tests;

/// <summary>The real locker on the real display of a real xrdp session, seen and typed at through a real client.</summary>
public sealed class RealLockTests
{
    private const string User = "agentprobe";
    private const int Cover = 0x12384A, White = 0xFFFFFF;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    // A terminal that keeps what is typed, large and white so that a picture tells whether it is seen. A key that a busy machine
    // holds down for long is no second key.
    private const string Below = "xset r off; xterm -geometry 120x40+0+0 -bg white -fg black -e sh -c 'cat > $HOME/typed' &";

    [Fact]
    public async Task Locked_desktop_shows_and_hears_nothing_until_it_is_unlocked_and_is_disconnected_when_its_locker_ends()
    {
        if ((XrdpMachine.Missing() ?? Missing("/usr/bin/xsecurelock", "/usr/bin/xterm", "/usr/bin/xdotool", "/usr/bin/import")) is { } why) Assert.Skip(why);
        await using var broker = await FakeBroker.StartAsync();
        await using var machine = await XrdpMachine.StartAsync(broker.Document(), Below);
        try
        {
            await RunAsync(broker, machine);
        }
        catch (Exception e) when (e is OperationCanceledException or TimeoutException or Xunit.Sdk.XunitException)
        {
            throw new InvalidOperationException(machine.Output, e);
        }
    }

    private static async Task RunAsync(FakeBroker broker, XrdpMachine machine)
    {
        var connection = await broker.Script.NextConnectionAsync(Patience);
        var session = await SignInAsync(connection, machine, "p1");
        await UntilSeenAsync(machine, White, 0.5, "open");
        await TypedAsync(machine, "before", "before\n");

        // The cover is all of the screen but its words, and nothing typed goes below it.
        Assert.Equal("", (await AskAsync(connection, "k1", c => c.Lock = new LockScreen { GuestSessionId = session })).Error);
        Assert.True((await ChangedAsync(connection)).Locked);
        var covered = await UntilSeenAsync(machine, Cover, 0.9, "locked", alsoWhite: 300);      // and the words, which come a moment later
        Assert.InRange(covered.Count(p => p == White), 300, covered.Count / 10);
        await machine.TypeAsync(User, "during");
        await machine.TypeAsync(User, "sekret");
        Assert.Equal("", (await AskAsync(connection, "k2", c => c.Lock = new LockScreen { GuestSessionId = session })).Error);
        await Deadline.UntilAsync(() => machine.OwnersOf("xsecurelock").Count == 1);     // one that is about to ask at a key is two for a moment
        await UntilSeenAsync(machine, Cover, 0.9, "locked-after-typing");

        Assert.Equal("", (await AskAsync(connection, "u1", c => c.Unlock = new UnlockScreen { GuestSessionId = session })).Error);
        Assert.False((await ChangedAsync(connection)).Locked);
        await UntilSeenAsync(machine, White, 0.5, "unlocked");
        await TypedAsync(machine, "after", "before\nafter\n");
        await Deadline.UntilAsync(() => machine.OwnersOf("xsecurelock").Count == 0);

        // Ended by hand: nobody sees what was below, and the broker hears why.
        Assert.Equal("", (await AskAsync(connection, "k3", c => c.Lock = new LockScreen { GuestSessionId = session })).Error);
        Assert.True((await ChangedAsync(connection)).Locked);
        await machine.KillInsideAsync("xsecurelock");
        Assert.Equal((session, "s-1"), (await connection.NextAsync(AgentMessage.KindOneofCase.LockLost, Patience)).LockLost is var lost ? (lost.GuestSessionId, lost.SessionId) : default);
        var after = await ChangedAsync(connection);
        while (after.State != GuestSessionState.Disconnected) after = await ChangedAsync(connection);
        Assert.False(after.Locked);

        // The person is back: the next sign-in finds the desktop, and locks it again.
        Assert.Equal(session, await SignInAsync(connection, machine, "p2"));
        Assert.Equal("", (await AskAsync(connection, "k4", c => c.Lock = new LockScreen { GuestSessionId = session })).Error);
        Assert.True((await ChangedAsync(connection)).Locked);

        // An agent that starts again knows what is locked, and the screen stayed covered meanwhile.
        await machine.KillInsideAsync("Montalegre.Vdi.Agent");
        await UntilSeenAsync(machine, Cover, 0.9, "locked-without-agent");
        connection = await broker.Script.NextConnectionAsync(Patience);
        var first = (await connection.NextAsync(AgentMessage.KindOneofCase.Sessions, Patience)).Sessions.Sessions.FirstOrDefault() ?? await ChangedAsync(connection);
        Assert.Equal((session, "s-1", true), (first.GuestSessionId, first.SessionId, first.Locked));

        // The next sign-in's own order unlocks, after the old client was sent away.
        Assert.Equal(session, await SignInAsync(connection, machine, "p3", unlock: session));
        await Deadline.UntilAsync(() => machine.OwnersOf("xsecurelock").Count == 0);
        await UntilSeenAsync(machine, White, 0.5, "back");
        await TypedAsync(machine, "again", "before\nafter\nagain\n");
    }

    // A client that signs in; the session's id in the guest.
    private static async Task<string> SignInAsync(FakeConnection connection, XrdpMachine machine, string command, string unlock = "")
    {
        var secret = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
        Assert.Equal("", (await AskAsync(connection, command, c => c.PrepareSignIn = new PrepareSignIn
        {
            SessionId = "s-1", UserName = User, DisplayName = "Ana", SecretSha256 = ByteString.CopyFrom(SHA256.HashData(Encoding.UTF8.GetBytes(secret))), UnlockGuestSessionId = unlock,
        })).Error);
        _ = machine.Connect(User, secret);
        while (true)
        {
            var session = await ChangedAsync(connection);
            if (session is { State: GuestSessionState.Active, SessionId: "s-1" }) return session.GuestSessionId;
        }
    }

    private static async Task<GuestSession> ChangedAsync(FakeConnection connection) => (await connection.NextAsync(AgentMessage.KindOneofCase.SessionChanged, Patience)).SessionChanged;

    private static Task<CommandResult> AskAsync(FakeConnection connection, string id, Action<Command> fill)
    {
        var command = new Command { CommandId = id, Epoch = 1, Lifetime = new Duration { Seconds = 60 } };
        fill(command);
        return connection.AskAsync(command, Patience);
    }

    private static async Task TypedAsync(XrdpMachine machine, string line, string all)
    {
        await machine.TypeAsync(User, line);
        try { await Deadline.UntilAsync(() => Typed() == all, TimeSpan.FromSeconds(60)); }
        catch (OperationCanceledException) { Assert.Equal(all, Typed()); }

        string Typed() => machine.ReadInside($"/home/{User}/typed");
    }

    private static async Task<IReadOnlyList<int>> UntilSeenAsync(XrdpMachine machine, int colour, double share, string name, int alsoWhite = 0)
    {
        var picture = Environment.GetEnvironmentVariable("MONTALEGRE_SHOTS") is { Length: > 0 } shots ? Path.Combine(shots, $"lock-{name}.png") : null;
        var until = DateTime.UtcNow + Patience;
        while (true)
        {
            var pixels = await machine.PixelsAsync(picture);
            var seen = pixels.Count(p => p == colour) / (double)Math.Max(1, pixels.Count);
            if (seen >= share && pixels.Count(p => p == White) >= alsoWhite) return pixels;
            Assert.True(DateTime.UtcNow < until, $"{name}: {seen:P0} of the screen is {colour:X6}; the rest is {string.Join(", ", pixels.GroupBy(p => p).OrderByDescending(g => g.Count()).Take(4).Select(g => $"{g.Key:X6} {g.Count()}"))}");
            await Task.Delay(500);
        }
    }

    private static string? Missing(params string[] files) => files.FirstOrDefault(f => !File.Exists(f)) is { } file ? $"{file} is not installed" : null;
}
