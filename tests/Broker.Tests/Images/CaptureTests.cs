using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Native.Libvirt;
using Montalegre.Vdi.Rig.Libvirt;
using ImportState = Montalegre.Vdi.Contracts.Admin.V1.ImportState;

namespace Montalegre.Vdi.Broker.Tests.Images;

/// <summary>Images taken from machines of a real libvirt that somebody made by hand.</summary>
public sealed class CaptureTests(ImagesBroker images) : IClassFixture<ImagesBroker>, IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mvca-").FullName;
    private LibvirtDaemons _daemons = null!;
    private string _host = "";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101);
        _daemons = await LibvirtDaemons.StartAsync(Path.Combine(_folder, "lv"), null, Ct);
        _host = (await images.Rig.Infrastructure.AddHostAsync(new() { Name = Path.GetFileName(_folder), Uri = _daemons.Uri, Network = "user", StoragePath = _daemons.StoragePath }, images.Rig.With)).HostId;
    }

    public async ValueTask DisposeAsync()
    {
        await images.Rig.Infrastructure.RemoveHostAsync(new() { HostId = _host }, images.Rig.With);
        _daemons.StopMachines();
        await _daemons.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Stopped_machine_on_an_overlay_becomes_one_whole_disk_and_a_running_one_is_refused()
    {
        // Base and overlay lie in a folder that no pool of the host knows, as a person would have put them.
        var own = Directory.CreateDirectory(Path.Combine(_folder, "by-hand")).FullName;
        var @base = await ImagesRig.Qcow2Async(own, 3, "base.qcow2");
        var overlay = Path.Combine(own, "golden.qcow2");
        await Rig.Postgres.Run.ToEndAsync("qemu-img", ["create", "-q", "-f", "qcow2", "-b", @base, "-F", "qcow2", overlay], ct: Ct);
        await Rig.Postgres.Run.ToEndAsync("qemu-io", ["-f", "qcow2", "-c", "write -q -P 0x5a 1M 64k", overlay], ct: Ct);
        await Rig.Postgres.Run.ToEndAsync("chmod", ["-R", "a+rwX", own], ct: Ct);
        var domain = Guid.NewGuid();
        using var connection = LibvirtConnection.Open(_daemons.Uri);
        using var made = connection.Define($"<domain type='qemu'><name>by-hand</name><uuid>{domain}</uuid><memory unit='MiB'>32</memory><os><type arch='x86_64'>hvm</type></os><devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{overlay}'/><target dev='vda' bus='virtio'/></disk></devices></domain>");

        made.Start();
        var running = await ImagesRig.RefusedAsync(async () => await CaptureAsync(domain));
        made.Destroy();
        var listed = Assert.Single((await images.Rig.Images.ListCaptureSourcesAsync(new() { HostId = _host }, images.Rig.With)).Machines);
        var done = await images.Rig.EndAsync((await CaptureAsync(domain)).ImportId);
        Assert.True(done.State == ImportState.Done, done.Reason?.Detail);
        var image = await images.Rig.ImageAsync(done.ImageVersionId);

        Assert.Equal("MACHINE_RUNNING: by-hand", running);
        Assert.Equal(("by-hand", PowerState.Off, 1u, ""), (listed.Name, listed.Power, listed.Disks, listed.PoolName));
        Assert.Equal(("captured", "by-hand"), (image.Name, image.Source));
        await Rig.Postgres.Run.ToEndAsync("qemu-img", ["compare", overlay, image.Path], ct: Ct);
        Assert.DoesNotContain("backing", await Rig.Postgres.Run.ToEndAsync("qemu-img", ["info", image.Path], ct: Ct), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_daemons.StoragePath));
        Assert.False(made.IsActive);
    }

    private async Task<ImageImport> CaptureAsync(Guid domain) =>
        await images.Rig.Images.CaptureAsync(new() { HostId = _host, DomainUuid = domain.ToString(), Name = "captured", KeepIdentity = true }, images.Rig.With);
}
