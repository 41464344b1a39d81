namespace Montalegre.Vdi.Benchmarks.Consoles;

/// <summary>Ten thousand machines, as a console of a whole region would show them. Nothing changes by itself.</summary>
internal static class ConsoleSeed
{
    public const int Machines = 10_000;
    public const string Employee = "ana.silva", Password = "quatro cavalos verdes", Pool = "Escritório";

    public static readonly string Sql = $"""
        insert into pool (pool_id, name, kind, size) select lpad(n::text, 32, '0')::uuid, case n when 0 then '{Pool}' else 'Pool ' || n end, 'manual', {Machines / 10} from generate_series(0, 9) n;
        insert into machine (machine_id, pool_id, name, ordinal, manual, state, power, generation, address)
             select lpad(n::text, 32, '0')::uuid, lpad((n % 10)::text, 32, '0')::uuid, 'posto-' || lpad(n::text, 5, '0'), n / 10, true, 'available', 'on', 1, '192.0.2.1'
               from generate_series(0, {Machines - 1}) n;
        truncate change;
        vacuum (analyze);
        """;

    /// <summary>Gives the first machine of every table a name that tells the change, and changes ten others.</summary>
    public static string Change(int number) => $"""
        update machine set name = 'posto-00000 mark-{number}-' where ordinal = 0 and name like 'posto-00000%';
        update machine set drain_since = case when drain_since is null then now() end where ordinal = {1 + (number % 900)};
        """;
}
