namespace Montalegre.Vdi.Broker.Agents;

/// <summary>
/// The epoch that every command carries; agents refuse an older one than they have seen. Any node may order what a person
/// asks for, so that it is the newest leader's epoch as the database says it, and it never goes back.
/// </summary>
internal sealed class CommandEpoch
{
    private long _newest;

    /// <summary>The newest epoch this node knows; zero before the first leader.</summary>
    public ulong Current => (ulong)Volatile.Read(ref _newest);

    /// <summary>Takes note of an epoch; an older one changes nothing.</summary>
    public void Learn(long epoch)
    {
        var known = Volatile.Read(ref _newest);
        while (epoch > known)
        {
            var was = Interlocked.CompareExchange(ref _newest, epoch, known);
            if (was == known) return;
            known = was;
        }
    }
}
