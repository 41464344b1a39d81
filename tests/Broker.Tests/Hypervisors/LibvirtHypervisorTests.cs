using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Native.Libvirt;
using Montalegre.Vdi.Rig.Libvirt;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Broker.Tests.Hypervisors;

/// <summary>A real libvirtd and real QEMU machines, with an empty disk in place of a golden image.</summary>
public sealed class LibvirtHypervisorTests : IAsyncLifetime
{
    private const long Epoch = 5;
    private readonly string _folder = Directory.CreateTempSubdirectory("mvdi-").FullName;
    private readonly ImageVersionId _image = new(Guid.NewGuid());
    private readonly Guid _installation = Guid.NewGuid();
    private LibvirtDaemons _daemons = null!;
    private LibvirtHypervisor _hypervisor = null!;
    private string _disk = "";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        // The machines run as another user and must get through.
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101);
        _daemons = await LibvirtDaemons.StartAsync(Path.Combine(_folder, "lv"), null, Ct);
        _hypervisor = Hypervisor(_installation);
        _disk = Path.Combine(_folder, "image.qcow2");
        await Rig.Postgres.Run.ToEndAsync("qemu-img", ["create", "-q", "-f", "qcow2", _disk, "64M"], ct: Ct);
    }

    public async ValueTask DisposeAsync()
    {
        await _hypervisor.DisposeAsync();
        _daemons.StopMachines();
        await _daemons.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Machine_lives_from_image_to_deletion_and_leaves_nothing_behind()
    {
        var machine = await DefineAsync();

        await _hypervisor.StartAsync(machine, Epoch, Ct);
        await _hypervisor.StartAsync(machine, Epoch, Ct);
        Assert.Equal(PowerState.On, (await _hypervisor.FindAsync(machine, Ct))!.Power);
        Assert.Equal(machine, Assert.Single(await _hypervisor.ListAsync(Ct)).Machine);

        await _hypervisor.StopAsync(machine, StopMode.Force, Epoch, Ct);
        await _hypervisor.StopAsync(machine, StopMode.Force, Epoch, Ct);
        Assert.Equal(PowerState.Off, (await _hypervisor.FindAsync(machine, Ct))!.Power);

        await _hypervisor.StartAsync(machine, Epoch, Ct);
        await _hypervisor.DeleteAsync(machine, Epoch, Ct);
        await _hypervisor.DeleteAsync(machine, Epoch, Ct);
        Assert.Null(await _hypervisor.FindAsync(machine, Ct));
        await _hypervisor.DeleteImageAsync(_image, Ct);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_daemons.StoragePath));
    }

    [Fact]
    public async Task Refresh_gives_a_new_overlay_and_the_old_one_goes()
    {
        var machine = await DefineAsync();

        await _hypervisor.CreateOverlayAsync(machine, 2, _image, Ct);
        await _hypervisor.DefineAsync(Definition(machine, generation: 2), Ct);
        await _hypervisor.DeleteOtherOverlaysAsync(machine, 2, Ct);

        Assert.Equal([(machine, 2)], await _hypervisor.ListOverlaysAsync(Ct));
        Assert.Equal(2, (await _hypervisor.FindAsync(machine, Ct))!.Generation);
    }

    [Fact]
    public async Task Overlay_in_use_survives_a_repeated_creation_and_a_left_over_one_does_not()
    {
        var machine = await DefineAsync();
        var used = new FileInfo(Path.Combine(_daemons.StoragePath, StorageXml.Overlay(machine, 1)));
        var before = InodeOf(used);
        await _hypervisor.CreateOverlayAsync(machine, 1, _image, Ct);
        Assert.Equal(before, InodeOf(used));

        await _hypervisor.CreateOverlayAsync(machine, 2, _image, Ct);
        var leftOver = Path.Combine(_daemons.StoragePath, StorageXml.Overlay(machine, 2));
        await File.WriteAllTextAsync(leftOver, "half an overlay", Ct);
        await _hypervisor.CreateOverlayAsync(machine, 2, _image, Ct);
        Assert.True(new FileInfo(leftOver).Length > 100_000);
    }

    [Fact]
    public async Task Events_tell_of_start_and_stop()
    {
        var machine = await DefineAsync();
        await using var events = _hypervisor.EventsAsync(Ct).GetAsyncEnumerator(Ct);
        var next = events.MoveNextAsync();

        await _hypervisor.StartAsync(machine, Epoch, Ct);
        Assert.True(await next);
        Assert.Equal(new HypervisorEvent(HypervisorEventKind.Started, machine), events.Current);

        await _hypervisor.StopAsync(machine, StopMode.Force, Epoch, Ct);
        do Assert.True(await events.MoveNextAsync());
        while (events.Current.Kind == HypervisorEventKind.Started);
        Assert.Equal(new HypervisorEvent(HypervisorEventKind.Stopped, machine), events.Current);
    }

    [Fact]
    public async Task Older_leader_is_refused_once_a_newer_one_acted()
    {
        var machine = await DefineAsync();
        await _hypervisor.StartAsync(machine, Epoch + 1, Ct);

        await Assert.ThrowsAsync<StaleLeaseException>(() => _hypervisor.StopAsync(machine, StopMode.Force, Epoch, Ct));
        await Assert.ThrowsAsync<StaleLeaseException>(() => _hypervisor.DeleteAsync(machine, Epoch, Ct));
        await Assert.ThrowsAsync<StaleLeaseException>(() => _hypervisor.DefineAsync(Definition(machine, 1), Ct));

        Assert.Equal(PowerState.On, (await _hypervisor.FindAsync(machine, Ct))!.Power);
    }

    [Fact]
    public async Task Domain_of_somebody_else_is_neither_listed_nor_touched()
    {
        var machine = await DefineAsync();
        await using var stranger = Hypervisor(Guid.NewGuid());

        Assert.Empty(await stranger.ListAsync(Ct));
        Assert.Null(await stranger.FindAsync(machine, Ct));
        await Assert.ThrowsAsync<ForeignMachineException>(() => stranger.DeleteAsync(machine, Epoch, Ct));
        await Assert.ThrowsAsync<ForeignMachineException>(() => stranger.AdoptAsync(machine, Epoch, Ct));
        Assert.NotNull(await _hypervisor.FindAsync(machine, Ct));
    }

    [Fact]
    public async Task Unmarked_domain_becomes_ours_by_adoption()
    {
        var uuid = Guid.NewGuid();
        using (var connection = LibvirtConnection.Open(_daemons.Uri))
            connection.Define($"<domain type='qemu'><name>old-one</name><uuid>{uuid}</uuid><memory unit='MiB'>64</memory><os><type arch='x86_64'>hvm</type></os></domain>").Dispose();
        var machine = new MachineId(uuid);
        await Assert.ThrowsAsync<ForeignMachineException>(() => _hypervisor.StartAsync(machine, Epoch, Ct));
        Assert.Equal((uuid, "old-one"), (await _hypervisor.ListForeignAsync(Ct)).Select(d => (d.Domain, d.Name)).Single());

        await _hypervisor.AdoptAsync(machine, Epoch, Ct);

        Assert.Empty(await _hypervisor.ListForeignAsync(Ct));
        Assert.Equal("old-one", Assert.Single(await _hypervisor.ListAsync(Ct)).Name);
    }

    [Fact]
    public async Task Half_uploaded_image_is_uploaded_again()
    {
        var shares = new List<double>();
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _hypervisor.EnsureImageAsync(_image, _disk, null, cancelled.Token));

        await _hypervisor.EnsureImageAsync(_image, _disk, new Collect(shares), Ct);

        Assert.Equal(1, shares[^1]);
        Assert.Equal(await File.ReadAllBytesAsync(_disk, Ct), await File.ReadAllBytesAsync(Path.Combine(_daemons.StoragePath, StorageXml.Image(_image)), Ct));
    }

    [Fact]
    public async Task Host_that_does_not_exist_is_unavailable()
    {
        await using var nowhere = new LibvirtHypervisor(
            new HypervisorHost(new HostId(Guid.NewGuid()), "nowhere", $"qemu:///session?socket={_folder}/nothing", _folder, _installation),
            TimeProvider.System, NullLogger<LibvirtHypervisor>.Instance);

        await Assert.ThrowsAsync<HypervisorUnavailableException>(() => nowhere.InfoAsync(Ct));
    }

    private async Task<MachineId> DefineAsync()
    {
        var machine = new MachineId(Guid.NewGuid());
        await _hypervisor.EnsureImageAsync(_image, _disk, null, Ct);
        await _hypervisor.CreateOverlayAsync(machine, 1, _image, Ct);
        await _hypervisor.DefineAsync(Definition(machine, 1), Ct);
        return machine;
    }

    private static MachineDefinition Definition(MachineId machine, int generation) =>
        new(machine, $"test-{machine.Value:N}", 1, 64, generation, new MachineNetwork.UserMode(LoopbackPorts.Free()), ["join"], Epoch);

    private LibvirtHypervisor Hypervisor(Guid installation) => new(
        new HypervisorHost(new HostId(Guid.NewGuid()), "test", _daemons.Uri, _daemons.StoragePath, installation),
        TimeProvider.System, NullLogger<LibvirtHypervisor>.Instance);

    private static string InodeOf(FileInfo file)
    {
        using var stat = Process.Start(new ProcessStartInfo("stat", ["-c", "%i", file.FullName]) { RedirectStandardOutput = true })!;
        return stat.StandardOutput.ReadToEnd();
    }

    private sealed class Collect(List<double> shares) : IProgress<double>
    {
        public void Report(double value) => shares.Add(value);
    }
}
