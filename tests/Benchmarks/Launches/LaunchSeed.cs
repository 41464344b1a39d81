using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Montalegre.Vdi.Benchmarks.Launches;

/// <summary>An installation of 100,000 machines, in which launch number n is that of one user into one pool, and of nobody else.</summary>
internal static class LaunchSeed
{
    public const int Machines = 100_000;
    public const int Pools = 20;
    public const int Users = Machines / Pools;

    /// <summary>Everybody may use every pool, and everybody is signed in.</summary>
    public static readonly string Sql = $"""
        insert into pool (pool_id, name, kind, size)
             select lpad(n::text, 32, '0')::uuid, 'Pool ' || n, 'manual', {Machines / Pools}
               from generate_series(0, {Pools - 1}) n;
        insert into app_user (user_id, user_name, display_name)
             select lpad(n::text, 32, '0')::uuid, 'user' || n, 'User ' || n
               from generate_series(0, {Users - 1}) n;
        insert into sign_in (token_sha256, user_id, audience, expires_at)
             select sha256(sha256(convert_to('employee ' || n, 'utf8'))), lpad(n::text, 32, '0')::uuid, 'employee', now() + interval '8 hours'
               from generate_series(0, {Users - 1}) n;
        insert into entitlement (pool_id, user_id)
             select pool_id, user_id from pool cross join app_user;
        insert into machine (machine_id, pool_id, name, ordinal, manual, state, power, generation, address)
             select gen_random_uuid(), lpad((n % {Pools})::text, 32, '0')::uuid, 'machine-' || n, n / {Pools}, true, 'available', 'on', 1, '192.0.2.1'
               from generate_series(0, {Machines - 1}) n;
        insert into gateway (gateway_id, name, rdp_address, connected, seen_at)
             values (gen_random_uuid(), 'gateway-1', '192.0.2.2:3389', true, now());
        truncate change;
        vacuum (analyze);
        """;

    /// <summary>The user of a launch: neighbours in time are different people, so that no answer about one is remembered for the next.</summary>
    public static int UserOf(int launch) => launch % Users;

    public static Guid PoolOf(int launch) => Id(launch / Users);

    /// <summary>A user's session token; the database holds only its hash, as <c>OpaqueToken</c> makes it.</summary>
    public static string TokenOf(int user) => Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes($"employee {user}")));

    /// <summary>Same as in the statements above and in the script for pgbench.</summary>
    private static Guid Id(int number) => Guid.ParseExact(number.ToString(CultureInfo.InvariantCulture).PadLeft(32, '0'), "N");
}
