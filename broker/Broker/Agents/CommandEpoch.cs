namespace Montalegre.Vdi.Broker.Agents;

/// <summary>The epoch that every command carries; agents refuse an older one than they have seen.</summary>
internal sealed class CommandEpoch(Func<long> read)
{
    /// <summary>The newest epoch this node knows; zero before the first lease.</summary>
    public ulong Current => (ulong)Math.Max(0, read());
}
