using System.Security.Cryptography;
using Microsoft.Extensions.Time.Testing;
using Montalegre.Vdi.Agent.Linux;

namespace Montalegre.Vdi.Agent.Tests;

public sealed class SignInSecretsTests
{
    private static readonly byte[] Secret = RandomNumberGenerator.GetBytes(32);
    private readonly FakeTimeProvider _time = new();

    private SignInSecrets Prepared(string user = "ana")
    {
        var secrets = new SignInSecrets(_time);
        secrets.Prepare(user, "session", SHA256.HashData(Secret), TimeSpan.FromMinutes(5));
        return secrets;
    }

    [Fact]
    public void Of_32_parallel_attempts_with_the_right_secret_one_wins()
    {
        for (var round = 0; round < 50; round++)
        {
            var secrets = Prepared();
            using var gate = new Barrier(32);
            var winners = 0;
            var threads = Enumerable.Range(0, 32).Select(_ => new Thread(() =>
            {
                gate.SignalAndWait();
                if (secrets.TryUse("ana", Secret, out var session) && session == "session") Interlocked.Increment(ref winners);
            })).ToList();
            threads.ForEach(t => t.Start());
            threads.ForEach(t => t.Join());
            Assert.Equal(1, winners);
        }
    }

    [Fact]
    public void Several_people_at_once_each_open_their_own_session_and_nobody_elses()
    {
        var secrets = new SignInSecrets(_time);
        var people = Enumerable.Range(0, 20).Select(n => (User: $"u{n}", Session: $"s{n}", Secret: RandomNumberGenerator.GetBytes(32))).ToList();
        foreach (var (user, session, secret) in people) secrets.Prepare(user, session, SHA256.HashData(secret), TimeSpan.FromMinutes(1));

        Assert.All(people, p => Assert.False(secrets.TryUse(people[(people.IndexOf(p) + 1) % people.Count].User, p.Secret, out _)));
        Assert.All(people, p => Assert.True(secrets.TryUse(p.User, p.Secret, out var session) && session == p.Session));
    }

    [Fact]
    public void Another_user_cannot_use_the_secret()
    {
        var secrets = Prepared();
        Assert.False(secrets.TryUse("rui", Secret, out _));
        Assert.True(secrets.TryUse("ana", Secret, out _));
    }

    [Fact]
    public void Secret_is_dead_after_sixty_seconds_even_if_the_command_allowed_more()
    {
        var secrets = Prepared();
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.False(secrets.TryUse("ana", Secret, out _));
    }

    [Fact]
    public void Five_wrong_attempts_use_the_preparation_up()
    {
        var secrets = Prepared();
        for (var i = 0; i < 5; i++) Assert.False(secrets.TryUse("ana", "wrong"u8, out _));
        Assert.False(secrets.TryUse("ana", Secret, out _));
    }

    [Fact]
    public void New_preparation_replaces_the_old_secret()
    {
        var secrets = Prepared();
        secrets.Prepare("ana", "second", SHA256.HashData("other"u8), TimeSpan.FromSeconds(60));
        Assert.False(secrets.TryUse("ana", Secret, out _));
        Assert.True(secrets.TryUse("ana", "other"u8, out var session));
        Assert.Equal("second", session);
    }
}
