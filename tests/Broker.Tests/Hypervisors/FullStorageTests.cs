using Microsoft.Extensions.Logging.Abstractions;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Rig.Libvirt;
using Montalegre.Vdi.Rig.Clients;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Broker.Tests.Hypervisors;

/// <summary>A host whose storage is really full: a small file system of its own under a real libvirt.</summary>
public sealed class FullStorageTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mvdf-").FullName;
    private LibvirtDaemons? _daemons;
    private LibvirtHypervisor _host = null!;
    private string _storage = "";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "a file system of its own needs root");
        File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101);
        _daemons = await LibvirtDaemons.StartAsync(Path.Combine(_folder, "lv"), null, Ct);
        _storage = Directory.CreateDirectory(Path.Combine(_folder, "small")).FullName;
        await Rig.Postgres.Run.ToEndAsync("mount", ["-t", "tmpfs", "-o", "size=8m,mode=1777", "tmpfs", _storage], ct: Ct);
        _host = new(new(new(Guid.NewGuid()), "small", _daemons.Uri, Path.Combine(_storage, "pool"), Guid.NewGuid()), TimeProvider.System, NullLogger<LibvirtHypervisor>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        if (_daemons is not null)
        {
            await _host.DisposeAsync();
            _daemons.StopMachines();
            await _daemons.DisposeAsync();
            await Rig.Postgres.Run.ToEndAsync("umount", [_storage], ct: CancellationToken.None);
        }
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Image_that_does_not_fit_is_refused_before_it_is_sent_and_the_storage_is_named()
    {
        var big = Path.Combine(_folder, "big.qcow2");
        await using (var file = File.Create(big)) file.SetLength(64 << 20);

        var failure = await Assert.ThrowsAsync<StorageFullException>(() => _host.EnsureImageAsync(new(Guid.NewGuid()), big, null, Ct));

        Assert.Equal(RefusalReason.StorageFull, HypervisorFailure.Reason(failure));
        Assert.Contains("the image needs 64 MiB", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Path.Combine(_storage, "pool")));
    }

    [Fact]
    public async Task Host_says_how_full_the_storage_is_that_others_fill_too()
    {
        var disk = Path.Combine(_folder, "image.qcow2");
        await Rig.Postgres.Run.ToEndAsync("qemu-img", ["create", "-q", "-f", "qcow2", disk, "64M"], ct: Ct);
        await _host.EnsureImageAsync(new(Guid.NewGuid()), disk, null, Ct);
        await File.WriteAllBytesAsync(Path.Combine(_storage, "somebody-elses"), new byte[6 << 20], Ct);

        double? used = null;
        Assert.True(await Eventually.IsTrueAsync(async () =>
        {
            try { return (used = (await _host.LoadAsync(Ct)).StorageUsedPercent) is not null; }
            catch (HypervisorUnavailableException) { return false; }   // it stood still for longer than a host may
        }, TimeSpan.FromSeconds(90)));
        Assert.InRange(used!.Value, 75, 90);   // six of eight mebibytes, and the image
    }

    [Fact]
    public async Task Overlay_on_a_full_disk_is_refused_with_the_reason_and_the_running_machine_stays()
    {
        var (image, running, next) = (new ImageVersionId(Guid.NewGuid()), new MachineId(Guid.NewGuid()), new MachineId(Guid.NewGuid()));
        var disk = Path.Combine(_folder, "image.qcow2");
        await Rig.Postgres.Run.ToEndAsync("qemu-img", ["create", "-q", "-f", "qcow2", disk, "64M"], ct: Ct);
        await _host.EnsureImageAsync(image, disk, null, Ct);
        await _host.CreateOverlayAsync(running, 1, image, Ct);
        await _host.DefineAsync(new(running, $"test-{running.Value:N}", 1, 64, 1, new MachineNetwork.UserMode(LoopbackPorts.Free()), ["join"], 1), Ct);
        await _host.StartAsync(running, 1, Ct);
        FillUp();

        var failure = await Assert.ThrowsAnyAsync<Exception>(() => _host.CreateOverlayAsync(next, 1, image, Ct));

        Assert.Equal(RefusalReason.StorageFull, HypervisorFailure.Reason(failure));
        Assert.Equal(PowerState.On, (await _host.FindAsync(running, Ct))!.Power);
        File.Delete(Path.Combine(_storage, "filler"));
        await _host.CreateOverlayAsync(next, 1, image, Ct);
        Assert.Contains((next, 1), await _host.ListOverlaysAsync(Ct));
    }

    private void FillUp()
    {
        using var filler = new FileStream(Path.Combine(_storage, "filler"), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var block = new byte[4096];
        try
        {
            while (true) filler.Write(block);
        }
        catch (IOException) { }   // full, as wanted
    }
}
