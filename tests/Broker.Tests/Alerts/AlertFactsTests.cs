using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Alerts;
using Montalegre.Vdi.Broker.Provisioning;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Alerts;

/// <summary>What the database says about each thing that has a rule. Each test has objects of its own and looks at those only.</summary>
public sealed class AlertFactsTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private readonly Arrange _rows = new(database.DataSource);

    [Fact]
    public async Task Host_that_does_not_answer_gateway_that_left_and_node_that_is_silent_are_read_with_their_silence()
    {
        var (host, gateway) = ((await _rows.PoolAsync("floating")).Value, Guid.NewGuid());   // the pool's host has its identifier
        await _rows.ExecuteAsync("insert into host_reading (host_id, reached, silent_since) values (@host, false, now() - interval '100 seconds')", new { host });
        await _rows.ExecuteAsync("insert into gateway (gateway_id, name, rdp_address, connected, seen_at) values (@gateway, @gateway::text, 'x:1', false, now() - interval '200 seconds')", new { gateway });
        await _rows.ExecuteAsync("insert into broker_node (name, node_id, seen_at, volumes) values ('casa-3', @gateway, now() - interval '90 seconds', '[{\"path\": \"/var\", \"used_percent\": 93.5}]')", new { gateway });

        Assert.InRange((await OneAsync(AlertRule.HostLost, host)).Value, 100, 700);
        Assert.Empty(await AllAsync(AlertRule.HostStorageFull, host.ToString()));
        await new HostReadings(database.DataSource).KeepAsync(new(host), new(8, 1024, 512, null) { StorageUsedPercent = 91.5 }, new(1, 4));
        await new HostReadings(database.DataSource).KeepAsync(new(host), new(8, 1024, 512, null), new(1, 4));   // not looked at this time
        Assert.Equal(91.5, (await OneAsync(AlertRule.HostStorageFull, host)).Value);
        await new HostReadings(database.DataSource).KeepSilentAsync(new(host));
        Assert.Empty(await AllAsync(AlertRule.HostStorageFull, host.ToString()));
        Assert.InRange((await OneAsync(AlertRule.GatewayLost, gateway)).Value, 200, 800);
        Assert.InRange((await OneAsync(AlertRule.NodeLost, "casa-3")).Value, 90, 690);
        Assert.Equal(93.5, (await OneAsync(AlertRule.StorageFull, "casa-3:/var")).Value);

        await _rows.ExecuteAsync("update host set state = 'maintenance' where host_id = @host", new { host });
        await _rows.ExecuteAsync("update gateway set connected = true where gateway_id = @gateway", new { gateway });
        Assert.Empty(await AllAsync(AlertRule.HostLost, host.ToString()));
        Assert.Empty(await AllAsync(AlertRule.GatewayLost, gateway.ToString()));
    }

    [Fact]
    public async Task Pool_counts_what_the_next_person_can_get()
    {
        var (pool, shared) = (await _rows.PoolAsync("floating"), await _rows.SharedPoolAsync(seats: 2));
        await _rows.MachineAsync(pool, "available");
        await _rows.MachineAsync(pool, "provisioning");
        var drained = await _rows.MachineAsync(pool, "available");
        await _rows.ExecuteAsync("update machine set drain_since = now() where machine_id = @id", new { id = drained.Value });
        var machine = await _rows.MachineAsync(shared, "available");
        await _rows.ExecuteAsync("update machine set state = 'in_use' where machine_id = @id", new { id = machine.Value });

        Assert.Equal(1, (await OneAsync(AlertRule.PoolShort, pool.Value)).Value);
        Assert.Equal(1, (await OneAsync(AlertRule.PoolShort, shared.Value)).Value);
        await _rows.ExecuteAsync("update pool set closed_until = now() + interval '1 hour' where pool_id = @id", new { id = pool.Value });
        Assert.Empty(await AllAsync(AlertRule.PoolShort, pool.Value.ToString()));
        Assert.Empty(await AllAsync(AlertRule.PoolShort, (await _rows.PoolAsync("dedicated")).Value.ToString()));
    }

    [Fact]
    public async Task Queue_is_read_by_length_and_by_who_waits_longest()
    {
        var pool = await _rows.PoolAsync("floating");
        for (var n = 0; n < 3; n++)   // who waits is seen again and again, also while this test stands still
            await _rows.ExecuteAsync("insert into launch_request (request_id, user_id, pool_id, created_at, seen_at) values (gen_random_uuid(), @user, @pool, now() - make_interval(secs => @age), now() + interval '1 hour')",
                new { user = (await _rows.UserAsync()).Value, pool = pool.Value, age = 100.0 * n });
        await _rows.ExecuteAsync("insert into launch_request (request_id, user_id, pool_id, created_at, seen_at) values (gen_random_uuid(), @user, @pool, now() - interval '1 hour', now() - interval '1 hour')", new { user = (await _rows.UserAsync()).Value, pool = pool.Value });

        Assert.Equal(3, (await OneAsync(AlertRule.QueueLong, pool.Value)).Value);
        Assert.InRange((await OneAsync(AlertRule.QueueSlow, pool.Value)).Value, 200, 800);
    }

    [Fact]
    public async Task Pool_that_cannot_make_machines_machine_that_is_silent_and_roll_out_that_halted_are_read()
    {
        var pool = await _rows.PoolAsync("floating");
        await _rows.ExecuteAsync("update pool set creation_failures = 4, creation_error = 'no space' where pool_id = @id", new { id = pool.Value });
        var silent = await _rows.MachineAsync(pool, "unreachable");
        var desk = await _rows.MachineAsync(await _rows.PoolAsync("manual"), "unreachable", manual: true);
        await _rows.ExecuteAsync("update machine set state_since = now() - interval '150 seconds' where machine_id = @id", new { id = silent.Value });
        var rollout = Guid.NewGuid();
        await _rows.ExecuteAsync("insert into image_version (image_version_id, name, number, state, path) values (@rollout, @rollout::text, 1, 'ready', '/x')", new { rollout });
        await _rows.ExecuteAsync(
            """
            insert into rollout (rollout_id, pool_id, from_version_id, to_version_id, state, canaries, wave_percent, keep_ready, slowdown_percent, start_within, asked_by, halt_reason)
            values (@rollout, @pool, @pool, @rollout, 'halted', 1, 10, 1, 10, interval '5 minutes', 'rui', 'ROLLOUT_TOO_SLOW')
            """, new { rollout, pool = pool.Value });

        Assert.Equal((4, "no space"), (await OneAsync(AlertRule.CreationFailing, pool.Value)) is { } failing ? (failing.Value, failing.Detail) : default);
        Assert.InRange((await OneAsync(AlertRule.AgentSilent, silent.Value)).Value, 150, 750);
        Assert.Equal(pool, (await OneAsync(AlertRule.AgentSilent, silent.Value)).Pool);
        Assert.Empty(await AllAsync(AlertRule.AgentSilent, desk.Value.ToString()));
        Assert.Equal("ROLLOUT_TOO_SLOW", (await OneAsync(AlertRule.RolloutHalted, rollout)).Detail);
    }

    [Fact]
    public async Task Log_ons_are_slow_by_the_ninety_fifth_of_a_hundred_and_four_are_too_few_to_say()
    {
        var pool = await _rows.PoolAsync("floating");
        for (var n = 1; n <= 5; n++)
        {
            Assert.Empty(await AllAsync(AlertRule.LogonSlow, pool.Value.ToString()));
            var session = await _rows.SessionAsync(await _rows.MachineAsync(pool, "available"), "active");
            await _rows.ExecuteAsync(
                """
                insert into logon_phase (session_id, name, started_at, ended_at)
                values (@id, 'connect', now() - make_interval(secs => @took), now()), (@id, 'desktop', now() - interval '1 second', now())
                """, new { id = session.Value, took = 20.0 * n });
        }
        Assert.Equal(100, (await OneAsync(AlertRule.LogonSlow, pool.Value)).Value);
    }

    [Fact]
    public async Task Certificate_that_its_owner_could_not_renew_directory_that_fails_and_an_audit_record_that_stands_are_read()
    {
        var (gateway, good, directory) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        foreach (var (id, days) in new[] { (gateway, 2.0), (good, 20.0) })
            await _rows.ExecuteAsync(
                """
                with made as (insert into gateway (gateway_id, name, rdp_address, connected, seen_at) values (@id, @id::text, 'x:1', true, now()))
                insert into certificate (serial_number, subject_kind, subject_id, not_after, issued_at) values (@id::text, 'gateway', @id, now() + make_interval(days => 1) * @days, now() - interval '28 days')
                """, new { id, days });
        await _rows.ExecuteAsync(
            """
            insert into directory (directory_id, name, kind, servers, start_tls, base_dn, bind_dn, bind_secret, sync_error)
            values (@directory, @directory::text, 'active_directory', '{x}', false, 'x', 'x', '', 'cannot connect')
            """, new { directory });
        await _rows.ExecuteAsync("insert into audit_event (actor, action, at) values ('x', 'test', now() - interval '120 seconds')", new { });
        await _rows.ExecuteAsync("insert into audit_fault (batch_no, fault) values (7, 'entry_changed')", new { });

        Assert.InRange((await OneAsync(AlertRule.CertificateEnds, gateway)).Value, 1.9, 2);
        Assert.Empty(await AllAsync(AlertRule.CertificateEnds, good.ToString()));
        Assert.Empty(await AllAsync(AlertRule.CertificateEnds, $"door:{good}"));
        await _rows.ExecuteAsync("update gateway set door_subject = 'CN=rdp.camara.pt', door_not_after = now() + interval '12 days' where gateway_id = @good", new { good });
        var certificates = new ConsoleCertificates(database.DataSource);
        for (var n = 0; n < 30; n++) await certificates.KeepAsync($"consola-{n}", "CN=consola.camara.pt", DateTimeOffset.UtcNow.AddDays(5));
        Assert.InRange((await OneAsync(AlertRule.CertificateEnds, "console:consola-3")).Value, 4.9, 5);
        Assert.Empty(await AllAsync(AlertRule.CertificateEnds, "console:consola-29"));   // there are bounds to what a signed-in stranger may fill
        await certificates.KeepAsync("consola-3", "CN=consola.camara.pt", DateTimeOffset.UtcNow.AddDays(90));
        Assert.InRange((await OneAsync(AlertRule.CertificateEnds, "console:consola-3")).Value, 89.9, 90);
        var door = await OneAsync(AlertRule.CertificateEnds, $"door:{good}");
        Assert.InRange(door.Value, 11.9, 12);
        Assert.Equal($"{good} (CN=rdp.camara.pt)", door.Name);
        Assert.Equal("cannot connect", (await OneAsync(AlertRule.DirectoryFails, directory)).Detail);
        Assert.InRange((await OneAsync(AlertRule.AuditStands, "audit")).Value, 120, 720);
        Assert.Equal("entry_changed 7", (await OneAsync(AlertRule.AuditBroken, "audit")).Detail);
    }

    private Task<AlertReading> OneAsync(AlertRule rule, Guid key) => OneAsync(rule, key.ToString());

    private async Task<AlertReading> OneAsync(AlertRule rule, string key) => Assert.Single(await AllAsync(rule, key));

    private async Task<List<AlertReading>> AllAsync(AlertRule rule, string key) =>
        [.. (await new AlertFacts(database.DataSource).ReadAsync(TestContext.Current.CancellationToken)).Where(r => r.Rule == rule && r.Key == key)];
}
