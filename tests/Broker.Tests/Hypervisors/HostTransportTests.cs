using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Rig.Clients;
using Montalegre.Vdi.Rig.Libvirt;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Broker.Tests.Hypervisors;

/// <summary>Every way to a host that production uses, against real daemons: TLS, SSH, system mode; killed and hung ones too.</summary>
public sealed class HostTransportTests : IAsyncLifetime
{
    private const long Epoch = 3;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(120);
    private readonly string _folder = Directory.CreateTempSubdirectory("mvdt-").FullName;
    private readonly List<LibvirtDaemons> _daemons = [];
    private readonly List<LibvirtHypervisor> _hosts = [];
    private string _disk = "";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        // The machines run as another user and must get through.
        File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101);
        _disk = Path.Combine(_folder, "image.qcow2");
        await Rig.Postgres.Run.ToEndAsync("qemu-img", ["create", "-q", "-f", "qcow2", _disk, "64M"], ct: Ct);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts) await host.DisposeAsync();
        foreach (var daemons in _daemons)
        {
            daemons.StopMachines();
            await daemons.DisposeAsync();
        }
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Host_is_driven_by_TLS_and_a_certificate_of_another_authority_is_refused()
    {
        var port = LoopbackPorts.Free();
        var daemons = await StartAsync("a", new() { TlsPort = port, Pki = new LibvirtPki(Path.Combine(_folder, "pki")) });
        await LiveAndDieAsync(Host(daemons.TlsUri, daemons));

        var strangers = new LibvirtPki(Path.Combine(_folder, "strangers"));
        var stranger = Host($"qemu+tls://127.0.0.1:{port}/session?pkipath={strangers.ClientFolder}", daemons);
        Assert.Contains("certificate", (await Assert.ThrowsAsync<HypervisorUnavailableException>(() => stranger.InfoAsync(Ct))).Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Host_is_driven_by_SSH_with_a_key()
    {
        var daemons = await StartAsync("a", new());
        await using var ssh = await SshDoor.StartAsync(Path.Combine(_folder, "ssh"));
        await LiveAndDieAsync(Host(daemons.SshUri(ssh.UserAndServer, ssh.KeyFile), daemons));

        var other = Host(daemons.SshUri(ssh.UserAndServer, ssh.ForeignKeyFile), daemons);
        await Assert.ThrowsAsync<HypervisorUnavailableException>(() => other.InfoAsync(Ct));
    }

    [Fact]
    public async Task System_mode_runs_machines_as_another_user_than_root()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "qemu:///system needs root");
        var daemons = await StartAsync("a", new() { System = true });
        await LiveAndDieAsync(Host(daemons.Uri, daemons), async machine =>
        {
            // Not by what the folders hold: a process that ends while its folder is listed would fail the list.
            var qemu = Directory.GetDirectories("/proc").Single(folder => int.TryParse(Path.GetFileName(folder), out _) && Text(Path.Combine(folder, "cmdline")).Contains($"guest=test-{machine.Value:N}", StringComparison.Ordinal));
            var owner = (await Rig.Postgres.Run.ToEndAsync("stat", ["-c", "%U", qemu], ct: Ct)).Trim();
            Assert.Equal(ServiceAccount.Name, owner);
        });
    }

    [Fact]
    public async Task Daemon_that_is_killed_is_said_to_be_away_and_used_again_when_it_is_back_and_its_machines_ran_on()
    {
        var daemons = await StartAsync("a", new());
        var host = Host(daemons.Uri, daemons);
        var machine = await DefineAsync(host);
        await host.StartAsync(machine, Epoch, Ct);
        await using var events = host.EventsAsync(Ct).GetAsyncEnumerator(Ct);
        var next = events.MoveNextAsync();

        await daemons.SignalAsync("KILL");
        Assert.True(await next);
        while (events.Current.Kind != HypervisorEventKind.Disconnected) Assert.True(await events.MoveNextAsync());
        await Assert.ThrowsAsync<HypervisorUnavailableException>(() => host.ListAsync(Ct));
        await daemons.RestartAsync(Ct);

        Assert.True(await Eventually.IsTrueAsync(async () =>
        {
            try { return (await host.FindAsync(machine, Ct))?.Power == PowerState.On; }
            catch (HypervisorUnavailableException) { return false; }
        }, Soon));
        do Assert.True(await events.MoveNextAsync());
        while (events.Current.Kind != HypervisorEventKind.Connected);
        await host.DeleteAsync(machine, Epoch, Ct);
    }

    [Fact]
    public async Task Daemon_that_hangs_holds_up_its_own_calls_only_and_they_end_by_themselves()
    {
        var hung = await StartAsync("a", new());
        var healthy = await StartAsync("b", new());
        var time = new FakeTimeProvider();
        var (first, second) = (Host(hung.Uri, hung, time), Host(healthy.Uri, healthy));
        await first.InfoAsync(Ct);

        await hung.SignalAsync("STOP");
        var calls = Enumerable.Range(0, HypervisorWorker.Threads + 1).Select(_ => first.InfoAsync(Ct)).ToList();
        try
        {
            var machine = await DefineAsync(second);
            await second.StartAsync(machine, Epoch, Ct);
            Assert.Equal(PowerState.On, (await second.FindAsync(machine, Ct))!.Power);
            Assert.DoesNotContain(calls, call => call.IsCompletedSuccessfully);

            time.Advance(TimeSpan.FromMinutes(2));
            foreach (var call in calls) await Assert.ThrowsAsync<HypervisorUnavailableException>(() => call.WaitAsync(Soon, Ct));
        }
        finally
        {
            await hung.SignalAsync("CONT");
        }
        Assert.True(await Eventually.IsTrueAsync(async () =>
        {
            time.Advance(HostConnection.BackOff(10));   // should it not have let us in at once
            try { return (await first.InfoAsync(Ct)).Cpus > 0; }
            catch (HypervisorUnavailableException) { return false; }
        }, Soon));
    }

    [Fact]
    public async Task Host_that_goes_dark_is_noticed_within_seconds_and_its_other_calls_do_not_pile_up()
    {
        var daemons = await StartAsync("a", new());
        var time = new FakeTimeProvider();
        var host = Host(daemons.Uri, daemons, time);
        Assert.True((await host.LoadAsync(Ct)).Cpus > 0);

        await daemons.SignalAsync("STOP");
        try
        {
            for (var sweep = 0; sweep < 3; sweep++)
            {
                var asked = host.LoadAsync(Ct);
                time.Advance(TimeSpan.FromSeconds(4));
                await Assert.ThrowsAsync<HypervisorUnavailableException>(() => asked.WaitAsync(Soon, Ct));
            }
            foreach (var _ in Enumerable.Range(0, HypervisorWorker.LongestQueue * 2))
                Assert.Contains("does not answer", (await Assert.ThrowsAsync<HypervisorUnavailableException>(() => host.ListAsync(Ct).WaitAsync(Soon, Ct))).Message, StringComparison.Ordinal);
        }
        finally
        {
            await daemons.SignalAsync("CONT");
        }
        Assert.True(await Eventually.IsTrueAsync(async () =>
        {
            time.Advance(HostConnection.BackOff(10));   // should it not have let us in at once
            try { return await host.ListAsync(Ct) is []; }
            catch (HypervisorUnavailableException) { return false; }
        }, Soon));
    }

    [Fact]
    public void Host_that_cannot_be_reached_is_asked_less_and_less_often()
    {
        Assert.Equal([0.5, 1, 2, 4, 8, 16, 30, 30], Enumerable.Range(1, 8).Select(n => HostConnection.BackOff(n).TotalSeconds));
        var time = new FakeTimeProvider();
        using var connection = new HostConnection(new(new(Guid.NewGuid()), "nowhere", $"qemu:///session?socket={_folder}/nothing", _folder, Guid.NewGuid()), time, NullLogger.Instance);
        var tried = Assert.Throws<HypervisorUnavailableException>(() => connection.Get());
        Assert.NotNull(tried.InnerException);   // libvirt was asked
        Assert.Null(Assert.Throws<HypervisorUnavailableException>(() => connection.Get()).InnerException);
        time.Advance(HostConnection.BackOff(1));
        Assert.NotNull(Assert.Throws<HypervisorUnavailableException>(() => connection.Get()).InnerException);
    }

    // From an image that goes through the connection to a machine that runs, and away.
    private async Task LiveAndDieAsync(LibvirtHypervisor host, Func<MachineId, Task>? whileItRuns = null)
    {
        var machine = await DefineAsync(host);
        await host.StartAsync(machine, Epoch, Ct);
        Assert.Equal(PowerState.On, (await host.FindAsync(machine, Ct))!.Power);
        if (whileItRuns is not null) await whileItRuns(machine);
        await host.DeleteAsync(machine, Epoch, Ct);
        Assert.Empty(await host.ListAsync(Ct));
    }

    private async Task<MachineId> DefineAsync(LibvirtHypervisor host)
    {
        var (machine, image) = (new MachineId(Guid.NewGuid()), new ImageVersionId(Guid.NewGuid()));
        await host.EnsureImageAsync(image, _disk, null, Ct);
        await host.CreateOverlayAsync(machine, 1, image, Ct);
        await host.DefineAsync(new(machine, $"test-{machine.Value:N}", 1, 64, 1, new MachineNetwork.UserMode(LoopbackPorts.Free()), ["join"], Epoch), Ct);
        return machine;
    }

    private async Task<LibvirtDaemons> StartAsync(string name, LibvirtSettings settings)
    {
        var daemons = await LibvirtDaemons.StartAsync(Path.Combine(_folder, name), settings, Ct);
        _daemons.Add(daemons);
        return daemons;
    }

    private LibvirtHypervisor Host(string uri, LibvirtDaemons daemons, TimeProvider? time = null)
    {
        var host = new LibvirtHypervisor(new HypervisorHost(new HostId(Guid.NewGuid()), "test", uri, daemons.StoragePath, Guid.NewGuid()), time ?? TimeProvider.System, NullLogger<LibvirtHypervisor>.Instance);
        _hosts.Add(host);
        return host;
    }

    private static string Text(string file)
    {
        try { return File.ReadAllText(file); }
        catch (IOException) { return ""; }   // it ended meanwhile
    }
}
