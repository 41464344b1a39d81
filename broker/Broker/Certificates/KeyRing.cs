using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Certificates;

/// <summary>The keys as this process knows them. It notices by itself when a rotation adds one or gives one another name.</summary>
internal sealed class KeyRing(KeyFiles files, ILogger<KeyRing> log)
{
    private readonly Lock _reading = new();
    private volatile Known? _known;
    private string _problem = "";

    /// <summary>Where the keys are, for messages.</summary>
    public string Path => files.Path;

    /// <summary>The key that seals.</summary>
    public KeyEncryptionKey Sealing => Current().Keys.Where(k => k.Use is KeyUse.Active).MaxBy(k => k.Number)!;

    /// <summary>Every key that is there now.</summary>
    public IReadOnlyList<KeyEncryptionKey> All => Current().Keys;

    /// <summary>The key with this identifier; null when it is not here.</summary>
    public KeyEncryptionKey? Find(ReadOnlySpan<byte> id) => Find(_known, id) ?? Find(Current(), id);

    private static KeyEncryptionKey? Find(Known? known, ReadOnlySpan<byte> id)
    {
        foreach (var key in known?.Keys ?? [])
        {
            if (id.SequenceEqual(key.Id)) return key;
        }
        return null;
    }

    private Known Current()
    {
        var names = files.Names();
        if (_known is { } known && known.Names.SequenceEqual(names)) return known;
        lock (_reading)
        {
            try
            {
                // Listed before they are read: what comes in between is seen next time.
                names = files.Names();
                var keys = files.Read();
                _problem = "";
                return _known = new(names.Count > 0 ? names : files.Names(), keys);
            }
            catch (StartUpException e) when (_known is { } before)
            {
                // A key is being copied, or others may read it. Those that we have are still good.
                if (_problem != e.Message) log.KeysNotRead(e.Message);
                _problem = e.Message;
                return before;
            }
        }
    }

    private sealed record Known(IReadOnlyList<string> Names, IReadOnlyList<KeyEncryptionKey> Keys);
}
