using Npgsql;

namespace Montalegre.Vdi.Broker.Storage;

/// <summary>
/// The way to the database for everything that serves people. A database that is away for a moment costs its callers a wait of
/// up to <see cref="OpeningGate.Patience"/>, here and nowhere else; after that they get the driver's exception, which becomes
/// DATABASE_UNAVAILABLE. Only what is safe to repeat is repeated: opening a connection, and what a caller says may run twice.
/// </summary>
internal sealed class Database(NpgsqlDataSource source, OpeningGate gate, TimeProvider time)
{
    private static readonly TimeSpan BetweenAttempts = TimeSpan.FromMilliseconds(25);

    /// <summary>A data source that nobody supervises.</summary>
    public static implicit operator Database(NpgsqlDataSource source) => new(source, new OpeningGate(TimeProvider.System), TimeProvider.System);

    /// <summary>A connection, as soon as there is one.</summary>
    public ValueTask<NpgsqlConnection> OpenConnectionAsync(CancellationToken ct = default) => OpenAsync(time.GetTimestamp(), ct);

    /// <summary>
    /// Runs something that may run twice: a question, or a change that looks up what an earlier run of it did. A connection
    /// that breaks under it is replaced.
    /// </summary>
    /// <param name="run">Gets a connection, and whether an earlier run broke off, so that its commit is unknown.</param>
    /// <param name="ct">Gives up waiting; never reaches a statement by itself.</param>
    public async Task<T> RepeatableAsync<T>(Func<NpgsqlConnection, bool, Task<T>> run, CancellationToken ct = default)
    {
        var since = time.GetTimestamp();
        for (var unknown = false; ; unknown = true)
        {
            await using var connection = await OpenAsync(since, ct);
            try
            {
                return await run(connection, unknown);
            }
            catch (NpgsqlException e) when (Outage.IsOne(e) && IsWorthWaiting(since))
            {
                // The next opening waits; a broken connection does not go back to the pool.
            }
        }
    }

    private async ValueTask<NpgsqlConnection> OpenAsync(long since, CancellationToken ct)
    {
        while (true)
        {
            if (!gate.IsOpen && !await gate.WaitAsync(OpeningGate.Patience - time.GetElapsedTime(since), ct))
                throw new NpgsqlException($"The database is being started again and was not ready within {OpeningGate.Patience.TotalSeconds:0} s.");
            try
            {
                return await source.OpenConnectionAsync(ct);
            }
            catch (NpgsqlException e) when (Outage.IsOne(e) && IsWorthWaiting(since))
            {
                await Task.Delay(BetweenAttempts, time, ct);
            }
        }
    }

    private bool IsWorthWaiting(long since) => gate.ComesBack && time.GetElapsedTime(since) < OpeningGate.Patience;
}
