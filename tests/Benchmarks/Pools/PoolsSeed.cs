using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Montalegre.Vdi.Benchmarks.Pools;

/// <summary>Four hosts, a pool to refill, a pool with five hundred ready machines, a pool with a queue, and people.</summary>
internal static class PoolsSeed
{
    public const int Hosts = 4;
    public const int AtOnce = 10;          // machines that one host starts at once
    public const int People = 700;
    public static readonly Guid Refill = Id(1), Morning = Id(2), Queue = Id(3);

    public static readonly string Sql = $"""
        insert into host (host_id, name, uri, network, storage_path)
             select lpad(n::text, 32, '0')::uuid, 'host-' || n, 'test:///default', 'network:default', '/nowhere' from generate_series(1, {Hosts}) n;
        insert into image_version (image_version_id, name, number, state, path) values ('{Id(9)}', 'golden', 1, 'ready', '/nowhere');
        insert into pool (pool_id, name, kind, size, image_version_id, machine_name_pattern)
             values ('{Refill}', 'Refill', 'floating', 0, '{Id(9)}', 'refill-' || chr(123) || 'n' || chr(125)),
                    ('{Queue}', 'Queue', 'floating', 0, '{Id(9)}', 'queue-' || chr(123) || 'n' || chr(125)),
                    ('{Morning}', 'Morning', 'manual', 500, null, '');
        insert into pool_host (pool_id, host_id) select pool_id, host_id from pool cross join host where kind = 'floating';
        insert into machine (machine_id, pool_id, name, ordinal, manual, state, power, generation, address)
             select gen_random_uuid(), '{Morning}', 'morning-' || n, n, true, 'available', 'on', 1, '192.0.2.1' from generate_series(1, 500) n;
        insert into app_user (user_id, user_name, display_name)
             select lpad(n::text, 32, '0')::uuid, 'user' || n, 'User ' || n from generate_series(0, {People - 1}) n;
        insert into sign_in (token_sha256, user_id, audience, expires_at)
             select sha256(sha256(convert_to('employee ' || n, 'utf8'))), lpad(n::text, 32, '0')::uuid, 'employee', now() + interval '8 hours' from generate_series(0, {People - 1}) n;
        insert into entitlement (pool_id, user_id) select pool_id, user_id from pool cross join app_user;
        insert into gateway (gateway_id, name, rdp_address, connected, seen_at) values (gen_random_uuid(), 'gateway-1', '192.0.2.2:3389', true, now());
        truncate change;
        vacuum (analyze);
        """;

    /// <summary>Two pools of five thousand, all as they should be.</summary>
    public static readonly string TenThousand = $"""
        set session_replication_role = replica;
        insert into host (host_id, name, uri, network, storage_path) select lpad(n::text, 32, '0')::uuid, 'host-' || n, 'test:///default', 'network:default', '/nowhere' from generate_series(1, 40) n;
        insert into image_version (image_version_id, name, number, state, path) values ('{Id(9)}', 'golden', 1, 'ready', '/nowhere');
        insert into pool (pool_id, name, kind, size, image_version_id, machine_name_pattern)
             select lpad(n::text, 32, '0')::uuid, 'Pool ' || n, 'floating', 5000, '{Id(9)}', 'p' || n || '-' || chr(123) || 'n' || chr(125) from generate_series(1, 2) n;
        insert into pool_host (pool_id, host_id) select pool_id, host_id from pool cross join host;
        insert into machine (machine_id, pool_id, name, ordinal, state, power, host_id, image_version_id, generation)
             select gen_random_uuid(), lpad((1 + n % 2)::text, 32, '0')::uuid, 'm' || n, 1 + n / 2, case when n % 10 < 6 then 'in_use' else 'available' end, 'on', lpad((1 + n % 40)::text, 32, '0')::uuid, '{Id(9)}', 1
               from generate_series(0, 9999) n;
        set session_replication_role = origin;
        vacuum (analyze);
        """;

    /// <summary>A person's session token; the database holds only its hash, as <c>OpaqueToken</c> makes it.</summary>
    public static string TokenOf(int person) => Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes($"employee {person}")));

    private static Guid Id(int number) => Guid.ParseExact(number.ToString(CultureInfo.InvariantCulture).PadLeft(32, '0'), "N");
}
