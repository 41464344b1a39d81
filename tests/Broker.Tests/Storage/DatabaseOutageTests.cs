using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Grpc.Core;
using Grpc.Net.Client;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Broker.Tests.Storage;

/// <summary>The whole broker with its private cluster, people launching, and the database killed under them.</summary>
public sealed partial class DatabaseOutageTests : IAsyncLifetime
{
    private const int People = 3000;
    private string _state = "";

    public async ValueTask InitializeAsync()
    {
        _state = await Unprivileged.DirectoryAsync();
        await Unprivileged.InstallAsync(_state);
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_state, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Launches_wait_for_a_killed_database_and_none_that_was_answered_is_lost_or_doubled()
    {
        await using var broker = await BrokerProcess.StartedAsync(_state);
        await SeedAsync();
        using var people = new Launches(ListeningOn(broker.Output), Path.Combine(_state, "authority.pem"));
        var launching = people.RunAsync(atOnce: 8);
        await Eventually.IsTrueAsync(() => people.Answered.Count > 100, "a hundred launches");

        Process.GetProcessById(Unprivileged.Postmaster(_state)).Kill();

        var gap = Milliseconds().Match(await broker.SaysAsync("The private cluster is back after"));
        var atReturn = people.Answered.Count;
        await Eventually.IsTrueAsync(() => people.Answered.Count > atReturn + 100, "a hundred launches more");
        people.Stop();
        await launching;

        TestContext.Current.SendDiagnosticMessage("Database away for {0} ms by the supervisor's clock; {1} launches answered, {2} gave up", gap.Groups[1].Value, people.Answered.Count, people.Failed.Count);
        // A first start that fails costs a step of the back-off: there must be none, however busy the machine is. The target for
        // the time is a second; the bound is for machines that run many things beside the tests.
        var told = string.Join('\n', broker.Output.Split('\n').Where(l => l.Contains("private cluster", StringComparison.Ordinal)));
        Assert.True(told.Split("The private cluster ended").Length == 2, told);
        Assert.True(int.Parse(gap.Groups[1].Value, CultureInfo.InvariantCulture) < 60_000, told);
        Assert.All(people.Failed, f => Assert.Equal("DATABASE_UNAVAILABLE", f.Reason));
        Assert.All(people.Failed, f => Assert.True(f.Waited >= OpeningGate.Patience, $"gave up after {f.Waited}"));
        var said = (await Unprivileged.SqlAsync(_state, DatabaseAddress.AppRole, $"""
              with answered (session_id) as (values {string.Join(',', people.Answered.Select(s => $"('{s}'::uuid)"))})
            select (select count(*) from answered left join session using (session_id) where session.session_id is null),
                   (select count(*) from (select machine_id from session group by machine_id having count(*) > 1) twice),
                   (select count(*) from (select user_id from session group by user_id having count(*) > 1) twice),
                   (select count(*) from session) - (select count(*) from machine where state = 'reserved');
            """)).Trim();
        Assert.Equal("0|0|0|0", said);
        Assert.Equal(people.Answered.Count, people.Answered.Distinct().Count());
    }

    private Task SeedAsync() => Unprivileged.SqlAsync(_state, DatabaseAddress.AppRole, $"""
        insert into pool (pool_id, name, kind, size, empty_minutes) values ('00000000-0000-0000-0000-000000000001', 'Pool', 'manual', {People}, null);   -- nobody comes, and nothing is given back
        insert into app_user (user_id, user_name, display_name) select lpad(n::text, 32, '0')::uuid, 'user' || n, 'User' from generate_series(0, {People - 1}) n;
        insert into sign_in (token_sha256, user_id, audience, expires_at)
             select sha256(decode(lpad(n::text, 64, '0'), 'hex')), lpad(n::text, 32, '0')::uuid, 'employee', now() + interval '1 hour' from generate_series(0, {People - 1}) n;
        insert into entitlement (pool_id, user_id) select pool_id, user_id from pool cross join app_user;
        insert into machine (machine_id, pool_id, name, ordinal, manual, state, power, generation, address)
             select gen_random_uuid(), '00000000-0000-0000-0000-000000000001', 'm' || n, n, true, 'available', 'on', 1, '192.0.2.1' from generate_series(0, {People - 1}) n;
        """);

    private static string ListeningOn(string output) => Listening().Match(output).Groups[1].Value;

    [GeneratedRegex(@"Now listening on: (https://\S+?)[""\s]")]
    private static partial Regex Listening();

    [GeneratedRegex(@"back after (\d+) ms")]
    private static partial Regex Milliseconds();

    private sealed record Failure(string Reason, TimeSpan Waited);

    // Every launch is that of another person, so an answer that was lost or doubled shows in the counts.
    private sealed class Launches : IDisposable
    {
        private readonly GrpcChannel _channel;
        private readonly Employee.EmployeeClient _client;
        private int _next = -1;
        private volatile bool _stopped;

        public Launches(string address, string authority)
        {
            _channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = StackTrust.Handler(authority), DisposeHttpClient = true });
            _client = new Employee.EmployeeClient(_channel);
        }

        public ConcurrentBag<string> Answered { get; } = [];

        public ConcurrentBag<Failure> Failed { get; } = [];

        public Task RunAsync(int atOnce) => Task.WhenAll(Enumerable.Range(0, atOnce).Select(_ => Task.Run(async () =>
        {
            while (!_stopped && Interlocked.Increment(ref _next) is < People and var person) await LaunchAsync(person);
        })));

        public void Stop() => _stopped = true;

        public void Dispose() => _channel.Dispose();

        private async Task LaunchAsync(int person)
        {
            var token = Convert.FromHexString(person.ToString(CultureInfo.InvariantCulture).PadLeft(64, '0'));
            var from = Stopwatch.GetTimestamp();
            try
            {
                using var call = _client.Launch(
                    new LaunchRequest { PoolId = "00000000-0000-0000-0000-000000000001", RequestId = Guid.NewGuid().ToString() },
                    new Metadata { { "authorization", $"Bearer {System.Buffers.Text.Base64Url.EncodeToString(token)}" } }, DateTime.UtcNow.AddMinutes(5));
                // A place in the queue may come first: whoever waited for the database meets everybody else who did.
                while (await call.ResponseStream.MoveNext(CancellationToken.None))
                    if (call.ResponseStream.Current.Ready is { } ready) Answered.Add(ready.SessionId);
            }
            catch (RpcException e)
            {
                Failed.Add(new(e.Trailers.GetValue("reason") ?? e.Status.ToString(), Stopwatch.GetElapsedTime(from)));
            }
        }
    }
}
