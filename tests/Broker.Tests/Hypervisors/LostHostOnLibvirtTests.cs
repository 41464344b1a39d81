using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Native.Libvirt;
using Montalegre.Vdi.Rig.Clients;
using Montalegre.Vdi.Rig.Libvirt;
using Montalegre.Vdi.Rig.Stack;
using System.Xml.Linq;
using Contract = Montalegre.Vdi.Contracts.Admin.V1;
using PoolKind = Montalegre.Vdi.Contracts.Admin.V1.PoolKind;

namespace Montalegre.Vdi.Broker.Tests.Hypervisors;

/// <summary>
/// Peers' case 15 on two real libvirts that share a folder: a host is lost, and its personal desktop starts elsewhere only
/// after fencing; the same disk is never open twice. The guests have an empty disk; the test reports in place of their agents.
/// </summary>
public sealed class LostHostOnLibvirtTests(TestCluster cluster) : IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(4);
    private readonly TestBroker _broker = new(cluster);
    private readonly string _folder = Directory.CreateTempSubdirectory("mvdl-").FullName;
    private LibvirtDaemons _north = null!, _south = null!;
    private Contract.Infrastructure.InfrastructureClient _infrastructure = null!;
    private Metadata _token = [];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private AgentStore Agents => _broker.Services.GetRequiredService<AgentStore>();

    public async ValueTask InitializeAsync()
    {
        File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101);
        // Brokers of tests that run at the same time would begin to give out the same ports of this computer.
        await _broker.StartAsync(["--Provisioning:Sweep=00:00:01", $"--Provisioning:FirstForwardedPort={LoopbackPorts.Free()}"]);
        _north = await LibvirtDaemons.StartAsync(Path.Combine(_folder, "n"), null, Ct);
        _south = await LibvirtDaemons.StartAsync(Path.Combine(_folder, "s"), null, Ct);
        var link = await File.ReadAllTextAsync(Path.Combine(_broker.StateDirectory, "set-up-token"), Ct);
        var begun = await new Administrators.AdministratorsClient(_broker.Api()).SetUpAsync(new() { Token = link.Trim(), UserName = "rosa", DisplayName = "Rosa", Password = "quatro cavalos verdes" }, cancellationToken: Ct);
        var made = await RigAuthenticator.EnrolAsync(_broker.Api(), begun.SecondStep);
        _token = new() { { "authorization", $"Bearer {made.Token}" } };
        _infrastructure = new(_broker.Api());
    }

    public async ValueTask DisposeAsync()
    {
        await _broker.DisposeAsync();
        foreach (var daemons in new[] { _north, _south })
        {
            daemons.StopMachines();
            await daemons.DisposeAsync();
        }
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Host_power_cut_personal_desktop_starts_elsewhere_only_after_fencing_and_its_disk_is_never_open_twice()
    {
        var (north, south) = (await AddHostAsync("north", _north), await AddHostAsync("south", _south));
        Assert.Equal("san", north.SharedStorage);
        var machine = await PersonalMachineAsync(north, south);
        var (home, other, homeHost) = IsOn(_north, machine) ? (_north, _south, north) : (_south, _north, south);
        var disk = DiskOf(home, machine);

        // It answers: nobody can say that it is off.
        Assert.Equal(StatusCode.FailedPrecondition, (await Assert.ThrowsAsync<RpcException>(() => FenceAsync(homeHost))).StatusCode);

        // The daemon is gone, but the machine runs on: somebody says wrongly that the host is off.
        await home.SignalAsync("KILL");
        await Agents.SilenceAsync([machine], Node, TimeSpan.Zero);
        await UntilAsync(async () => (await HostAsync(homeHost)).Error.Length > 0 && await TryFenceAsync(homeHost), "the lost host is fenced");
        await UntilAsync(async () => (await ErrorAsync(machine)).Contains("lock", StringComparison.OrdinalIgnoreCase), "QEMU refuses a disk that is open elsewhere");
        Assert.False(IsOn(other, machine));

        // Now its power really fails.
        KillMachine(machine);
        await WakeAsync(machine);
        await UntilAsync(() => IsOn(other, machine), "the machine starts on the other host");
        Assert.Equal(disk, DiskOf(other, machine));

        // The host is back: what it had of the machine goes, the disk stays.
        await home.RestartAsync(Ct);
        await UntilAsync(async () => !IsThere(home, machine) && (await HostAsync(homeHost)) is { Strays: 0, FencedAt: null }, "the host that is back has lost the machine");
        Assert.True(IsOn(other, machine));
        Assert.True(File.Exists(disk));
    }

    private Guid Node => _broker.Services.GetRequiredService<Node>().Id;

    // A machine of a dedicated pool, ready and bound to somebody.
    private async Task<MachineId> PersonalMachineAsync(params Contract.Host[] hosts)
    {
        var disk = Path.Combine(_folder, "image.qcow2");
        await Rig.Postgres.Run.ToEndAsync("qemu-img", ["create", "-q", "-f", "qcow2", disk, "64M"], ct: Ct);
        var image = await _infrastructure.PublishImageAsync(new() { Name = "empty", Path = disk }, _token, cancellationToken: Ct);
        await UntilAsync(async () => (await _infrastructure.ListImagesAsync(new(), _token, cancellationToken: Ct)).Images.Single().State == "ready", "the image is in the storage");
        await new Contract.Pools.PoolsClient(_broker.Api()).CreateAsync(new()
        {
            Name = "Arquivo", Kind = PoolKind.Dedicated, Size = 1, HostIds = { hosts.Select(h => h.HostId) }, ImageVersionId = image.ImageVersionId, Cpus = 1, MemoryMib = 128, MachineNamePattern = "arquivo-{n}",
        }, _token, cancellationToken: Ct);
        await UntilAsync(() => IsAnyOn(_north) || IsAnyOn(_south), "the machine runs");
        var machine = new MachineId(Guid.Parse(await ScalarAsync("select machine_id::text from machine")));
        await UntilAsync(async () => await ScalarAsync("select step from operation where state = 'running'") == "await_agent", "its agent is awaited");
        await Agents.GreetAsync(machine, Node, new Hello { BootId = "first" }, new(Guid.NewGuid()));
        await ScalarAsync("""
            with owner as (insert into app_user (user_id, user_name, display_name) values (gen_random_uuid(), 'ana', 'Ana') returning user_id)
            update machine set assigned_user_id = user_id from owner returning user_id::text
            """);
        return machine;
    }

    private async Task<Contract.Host> AddHostAsync(string name, LibvirtDaemons daemons) =>
        await _infrastructure.AddHostAsync(new() { Name = name, Uri = daemons.Uri, Network = "user", StoragePath = _north.StoragePath, SharedStorage = "san" }, _token, cancellationToken: Ct);

    private async Task<Contract.Host> HostAsync(Contract.Host host) => (await _infrastructure.ListHostsAsync(new(), _token, cancellationToken: Ct)).Hosts.Single(h => h.HostId == host.HostId);

    private async Task FenceAsync(Contract.Host host) => await _infrastructure.FenceHostAsync(new() { HostId = host.HostId }, _token, cancellationToken: Ct);

    private async Task<bool> TryFenceAsync(Contract.Host host)
    {
        try { await FenceAsync(host); }
        catch (RpcException e) when (e.StatusCode == StatusCode.FailedPrecondition) { return false; }   // not noticed yet
        return true;
    }

    private Task<string> ErrorAsync(MachineId machine) => ScalarAsync($"select coalesce(error, '') from operation where machine_id = '{machine.Value}' and state = 'running'");

    // What failed in the meantime is due at once, so that the test does not wait out the pause.
    private Task WakeAsync(MachineId machine) => ScalarAsync($"update operation set next_attempt_at = now(), attempts = 0 where machine_id = '{machine.Value}' and state = 'running' returning step");

    private async Task<string> ScalarAsync(string sql)
    {
        await using var command = _broker.Database.DataSource.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Ct) as string ?? "";
    }

    private static void KillMachine(MachineId machine)
    {
        // Its process has the machine's number on its command line; nothing else does.
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(f => int.TryParse(Path.GetFileName(f), out _)))
            try
            {
                if (!File.ReadAllText(Path.Combine(folder, "cmdline")).Contains($"-uuid\0{machine.Value}", StringComparison.Ordinal)) continue;
                using var process = System.Diagnostics.Process.GetProcessById(int.Parse(Path.GetFileName(folder), System.Globalization.CultureInfo.InvariantCulture));
                process.Kill();
                process.WaitForExit();
            }
            catch (IOException) { }   // ended meanwhile
    }

    private static bool IsOn(LibvirtDaemons daemons, MachineId machine) => Ask(daemons, machine, domain => domain?.IsActive == true);

    private static bool IsThere(LibvirtDaemons daemons, MachineId machine) => Ask(daemons, machine, domain => domain is not null);

    private static string DiskOf(LibvirtDaemons daemons, MachineId machine) =>
        Ask(daemons, machine, domain => XElement.Parse(domain!.DefinitionXml()).Descendants("disk").Elements("source").Single().Attribute("file")!.Value);

    private static T Ask<T>(LibvirtDaemons daemons, MachineId machine, Func<LibvirtDomain?, T> ask)
    {
        using var connection = LibvirtConnection.Open(daemons.Uri);
        using var domain = connection.FindDomain(machine.Value);
        return ask(domain);
    }

    private static bool IsAnyOn(LibvirtDaemons daemons)
    {
        using var connection = LibvirtConnection.Open(daemons.Uri);
        return connection.Domains().Select(domain => { using (domain) return domain.IsActive; }).ToList().Contains(true);
    }

    private static async Task UntilAsync(Func<Task<bool>> fact, string what) => Assert.True(await Eventually.IsTrueAsync(fact, Soon), $"Not in time: {what}");

    private static Task UntilAsync(Func<bool> fact, string what) => UntilAsync(() => Task.FromResult(fact()), what);
}
