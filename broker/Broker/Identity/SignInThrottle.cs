using Microsoft.Extensions.Options;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>Slows guessing down: after a few wrong passwords for a name or from a network the delay doubles from 1 s to 32 s.</summary>
internal sealed class SignInThrottle(TimeProvider time, IOptions<IdentityOptions> options)
{
    private readonly AttemptCounters _accounts = new(() => options.Value.FreeAttemptsPerAccount, time);
    private readonly AttemptCounters _sources = new(() => options.Value.FreeAttemptsPerSource, time);

    /// <summary>Zero: the attempt may go on and must be ended with <see cref="End"/>. Else the time to wait; names that do not exist count too.</summary>
    public TimeSpan Begin(string userName, string sourceAddress)
    {
        var account = _accounts.Wait(userName);
        var source = _sources.Wait(SourcePrefix.Of(sourceAddress));
        if (account > TimeSpan.Zero || source > TimeSpan.Zero) return account > source ? account : source;
        _accounts.Begin(userName);
        return TimeSpan.Zero;
    }

    public void End(string userName) => _accounts.End(userName);

    public void Failed(string userName, string sourceAddress)
    {
        _accounts.Failed(userName);
        _sources.Failed(SourcePrefix.Of(sourceAddress));
    }

    // Only the account is forgiven: an attacker with one good account must not be able to clean his network's count.
    public void Succeeded(string userName) => _accounts.Forget(userName);
}
