using System.Globalization;
using System.Text.RegularExpressions;
using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Rig.Postgres;

namespace Montalegre.Vdi.Benchmarks.Launches;

/// <summary>The same statement, without anything of ours around it.</summary>
internal sealed partial class Pgbench(TemporaryCluster cluster, string database, int clients, string directory)
{
    // What the load says of itself; a parameter that is not here is null, as by a caller who does not ask for it.
    private static readonly Dictionary<string, string> Said = new()
    {
        ["User"] = "lpad(:user::text, 32, '0')::uuid",
        ["Pool"] = "lpad(:pool::text, 32, '0')::uuid",
        ["Request"] = "md5(:launch::text)::uuid",
        ["NewSession"] = "lpad(:launch::text, 32, '0')::uuid",
        ["TicketSha256"] = "sha256(int8send(:launch::bigint))",
        ["ClientAddress"] = ":address::text",
        ["TicketLifetime"] = "(:lifetime::double precision * interval '1 second')",
        ["Rank"] = ":rank::integer",
        ["Spread"] = "1",      // pools of the benchmark do not share their machines
    };

    // Every client counts its own launches; together they make each number once, from :base on.
    private static readonly string Script = $"""
        \set i :i + 1
        \set launch :base + :i * :clients + :client_id
        \set user :launch % {LaunchSeed.Users}
        \set pool :launch / {LaunchSeed.Users}
        \set rank random(0, 2147483646)
        {LaunchStore.WithParameters(WithoutColons(LaunchStore.LaunchStatement), (_, name, type) => Said.GetValueOrDefault(name) ?? $"null::{type}")};
        """;

    private int _next;

    /// <summary>Launches that were made so far.</summary>
    public int Done { get; private set; }

    /// <summary>Transactions a second with all clients as fast as they can.</summary>
    public async Task<double> FlatOutAsync(TimeSpan duration, CancellationToken ct)
    {
        var said = await RunAsync(duration, [], ct);
        return double.Parse(Tps().Match(said).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    /// <summary>Latencies in milliseconds at a fixed rate, counted from when each transaction was due.</summary>
    public async Task<double[]> PacedAsync(int perSecond, TimeSpan duration, CancellationToken ct)
    {
        var prefix = Path.Combine(directory, "latency");
        await RunAsync(duration, [$"--rate={perSecond}", "--log", $"--log-prefix={prefix}"], ct);
        return [.. Directory.GetFiles(directory, "latency.*").SelectMany(File.ReadLines)
            .Select(l => double.Parse(l.Split(' ')[2], CultureInfo.InvariantCulture) / 1000)];
    }

    private async Task<string> RunAsync(TimeSpan duration, string[] more, CancellationToken ct)
    {
        var file = Path.Combine(directory, "launch.sql");
        await File.WriteAllTextAsync(file, Script, ct);
        var said = await Run.ToEndAsync("/usr/bin/env",
        [
            "PGOPTIONS=-c enable_seqscan=off -c jit=off", PostgresPrograms.Path("pgbench"), "-h", cluster.SocketDirectory, "-U", "montalegre_app", "--no-vacuum", "-M", "prepared", "-c", Text(clients), "-j", "2", "-T", Text((int)duration.TotalSeconds), "-f", file,
            "-D", "i=-1", "-D", $"base={_next}", "-D", $"clients={clients}", "-D", "address=192.0.2.1", "-D", "lifetime=30", .. more, database,
        ], ct: ct);
        var done = int.Parse(Processed().Match(said).Groups[1].Value, CultureInfo.InvariantCulture);
        Done += done;
        // Clients do not end at the same count, so the next numbers begin well beyond the highest that one may have used.
        _next = await HighestAsync() + 1;
        return said;
    }

    private async Task<int> HighestAsync() =>
        int.Parse(await cluster.SqlAsync(database, "select max(ltrim(replace(session_id::text, '-', ''), '0'))::text from (select session_id from session order by session_id desc limit 1) s;"), CultureInfo.InvariantCulture);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    // pgbench takes every single colon before a letter for a variable of its own; ours stands in the format of a time.
    private static string WithoutColons(string statement) => Variable().Replace(statement, ".");

    [GeneratedRegex(@"(?<!:):(?=[A-Za-z_])")]
    private static partial Regex Variable();

    [GeneratedRegex(@"tps = ([0-9.]+) \(without initial")]
    private static partial Regex Tps();

    [GeneratedRegex(@"actually processed: ([0-9]+)")]
    private static partial Regex Processed();
}
