using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Storage;
using Npgsql;

namespace Montalegre.Vdi.Broker.Certificates;

/// <summary>
/// Makes a new key-encryption key and seals everything in the database with it, while the brokers run. May be killed anywhere: the next run goes on,
/// because the files say which key seals and each box says which key it was sealed with.
/// </summary>
internal sealed class RotateKey(KeyFiles files, KeyRing keys, SecretBox box, DatabaseAddress address, TimeProvider time)
{
    private const int MostPasses = 100;
    private static readonly TimeSpan BetweenPasses = TimeSpan.FromMilliseconds(200);

    // What a broker sealed with the old key just before the new one was there is written by then, or never.
    private static readonly TimeSpan LastWrites = TimeSpan.FromSeconds(DataSources.HotPathSeconds + 1);

    /// <summary>Rows of one transaction.</summary>
    public int Batch { get; init; } = 500;

    /// <param name="toFile">The new key is a file, although a token is set.</param>
    /// <param name="copied">The new key is on all other nodes.</param>
    /// <param name="actor">For the audit record.</param>
    /// <param name="source">For the audit record.</param>
    /// <param name="say">Told after every batch.</param>
    /// <param name="ct">Stops between two batches.</param>
    /// <exception cref="StartUpException">It did not come to its end; the message says why, and what to do.</exception>
    public async Task RunAsync(bool toFile, bool copied, string actor, string source, Action<string> say, CancellationToken ct)
    {
        try
        {
            await RotateAsync(toFile, copied, actor, source, say, ct);
        }
        catch (NpgsqlException e)
        {
            throw new StartUpException($"The database does not answer: {e.Message} Start the broker, or its database, and run this again; it goes on where it was.", e);
        }
    }

    private async Task RotateAsync(bool toFile, bool copied, string actor, string source, Action<string> say, CancellationToken ct)
    {
        if (files.Names().Count == 0) throw new StartUpException($"There is no key-encryption key {files.Path}. Run this as the broker's user on its machine, with the broker's own settings.");
        await using var store = await RotationStore.OpenAsync(address, ct) ?? throw new StartUpException("Another rotation runs. Wait for its end.");
        await RefuseElsewhereAsync(store);
        await PrepareAsync(store, toFile, copied, say);

        var key = keys.Sealing;
        var older = keys.All.Where(k => k.Use is KeyUse.Active && k.Number < key.Number).OrderBy(k => k.Number).ToList();
        await store.AuditAsync(actor, source, "secret_key.rotate", key.Name, string.Join(' ', older.Select(k => k.Name)));
        var sealedAnew = await SealAllAsync(store, key, say, ct);
        if ((await store.NodesAsync()).Count > 0)
        {
            await Task.Delay(LastWrites, time, ct);
            sealedAnew += await SealAllAsync(store, key, say, ct);
        }
        await store.AuditAsync(actor, source, "secret_key.rotated", key.Name, $"{sealedAnew}");
        Finish(key, older, sealedAnew, say);
    }

    private async Task RefuseElsewhereAsync(RotationStore store)
    {
        var schema = await store.SchemaAsync();
        if (schema != Migration.Latest) throw new StartUpException($"The database has schema {schema}, and this program is of schema {Migration.Latest}. Start the broker of this version once, then run this again.");
        var authority = await store.AuthorityAsync() ?? throw new StartUpException("Nothing is sealed in this database yet. Start the broker once, then run this again.");
        if (box.Open(authority.Box, authority.Place) is null)
            throw new StartUpException($"No key {files.Path}* opens this database. Run this as the broker's user, with the broker's own settings and every key that it has.");
    }

    private async Task PrepareAsync(RotationStore store, bool toFile, bool copied, Action<string> say)
    {
        if (!keys.All.Any(k => k.Use is KeyUse.Next) && keys.All.Count(k => k.Use is KeyUse.Active) == 1) files.MakeNext(toFile);
        if (keys.All.FirstOrDefault(k => k.Use is KeyUse.Next) is not { } next)
        {
            say($"Going on with {keys.Sealing.File}");
            return;
        }
        var others = OtherNodes(await store.NodesAsync());
        if (others.Count > 0 && !copied)
        {
            throw new StartUpException($"The new key is in {next.File}, and nothing is sealed with it yet. Copy it to {string.Join(", ", others)} and every other node, beside the key that is there, "
                + $"as {Path.GetFileName(files.ActiveName(next))} (owned by the broker's user, chmod 0600); no restart is needed. Then run this again with --copied.");
        }
        files.Activate(next);
        say($"The new key is {files.ActiveName(next)}. Keep a copy of it apart from the backups now; a node that is stopped needs it before its next start");
    }

    // Of two brokers on one computer nobody can say which is ours.
    private static List<string> OtherNodes(IReadOnlyList<string> nodes)
    {
        var here = nodes.Where(n => n.StartsWith(Environment.MachineName + " ", StringComparison.Ordinal)).ToList();
        return here.Count > 1 ? [.. nodes] : [.. nodes.Except(here)];
    }

    private async Task<int> SealAllAsync(RotationStore store, KeyEncryptionKey key, Action<string> say, CancellationToken ct)
    {
        var head = SecretBox.Head(key);
        var sealedAnew = 0;
        for (var pass = 1; pass <= MostPasses; pass++)
        {
            List<string> closed = [];
            foreach (var column in SealedColumn.All) sealedAnew += await SealColumnAsync(store, column, head, closed, say, ct);
            var left = 0;
            foreach (var column in SealedColumn.All) left += await store.CountAsync(column, head);
            if (left == 0) return sealedAnew;
            if (closed.Count > 0 && left <= closed.Count)
            {
                throw new StartUpException($"{closed.Count} secrets open with none of the keys that are here, the first of them {string.Join(", ", closed.Take(5))}. "
                    + "Put back the key that they were sealed with, or enter them again, or remove what they belong to; then run this again. Everything else is sealed anew, and no key was retired.");
            }
            await Task.Delay(BetweenPasses, time, ct);
        }
        throw new StartUpException("Some rows are held by others all the time. Run this again; it goes on where it was.");
    }

    private async Task<int> SealColumnAsync(RotationStore store, SealedColumn column, byte[] head, List<string> closed, Action<string> say, CancellationToken ct)
    {
        var all = await store.CountAsync(column, head);
        var done = 0;
        string? after = null;
        while (await store.NextAsync(column, head, after, Batch) is { Count: > 0 } rows)
        {
            ct.ThrowIfCancellationRequested();
            after = rows[^1].Key;
            List<(SealedRow, byte[])> fresh = [];
            foreach (var row in rows)
            {
                if (box.Open(row.Box, row.Place) is { } secret) fresh.Add((row, box.Seal(secret, row.Place)));
                else closed.Add(row.Place);
            }
            done += await store.ReplaceAsync(column, fresh);
            say($"{column}: {done} of {all}");
        }
        return done;
    }

    private void Finish(KeyEncryptionKey key, List<KeyEncryptionKey> older, int sealedAnew, Action<string> say)
    {
        say($"{sealedAnew} secrets are sealed anew; nothing in the database needs a key other than {key.File} any more.");
        foreach (var old in older)
        {
            say($"{files.Retire(old)} is needed only for backups made before now. When none of them is kept any more, remove it here and on every other node; nothing removes it by itself.");
        }
    }
}
