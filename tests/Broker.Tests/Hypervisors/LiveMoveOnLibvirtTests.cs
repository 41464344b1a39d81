using System.Xml.Linq;
using Microsoft.Extensions.Logging.Abstractions;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Native.Libvirt;
using Montalegre.Vdi.Rig.Libvirt;

namespace Montalegre.Vdi.Broker.Tests.Hypervisors;

/// <summary>Two real libvirts on this computer, each with a host name and an identity of its own, and a running QEMU that goes from one to the other.</summary>
public sealed class LiveMoveOnLibvirtTests : IAsyncLifetime
{
    private const long Epoch = 5;
    private readonly string _folder = Directory.CreateTempSubdirectory("mvdm-").FullName;
    private readonly ImageVersionId _image = new(Guid.NewGuid());
    private readonly MachineId _machine = new(Guid.NewGuid());
    private readonly Guid _installation = Guid.NewGuid();
    private readonly List<LibvirtDaemons> _daemons = [];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "a host name of its own needs root");
        File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101);
        foreach (var name in (string[])["north", "south"])
            _daemons.Add(await LibvirtDaemons.StartAsync(Path.Combine(_folder, name[..1]), new() { HostName = $"{name}.test" }, Ct));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var daemons in _daemons)
        {
            daemons.StopMachines();
            await daemons.DisposeAsync();
        }
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Running_machine_moves_to_a_host_that_shares_its_storage_and_stays_where_it_is_when_that_one_does_not_see_its_disk()
    {
        await using var north = Host(_daemons[0], _daemons[0].StoragePath, "san");
        await using var south = Host(_daemons[1], _daemons[0].StoragePath, "san");
        await StartAsync(north);
        var disk = Path.Combine(_daemons[0].StoragePath, StorageXml.Overlay(_machine, 1));

        await north.MoveLiveAsync(_machine, south, Epoch, Ct);

        Assert.Null(await north.FindAsync(_machine, Ct));
        Assert.Equal(new HypervisorMachine(_machine, "moves", PowerState.On, 1, Epoch), await south.FindAsync(_machine, Ct));

        // The disk goes away under its name: QEMU here has it open, the other host cannot open it.
        File.Move(disk, disk + ".away");
        var refused = await Assert.ThrowsAsync<LiveMoveException>(() => south.MoveLiveAsync(_machine, north, Epoch, Ct));
        Assert.Contains(Path.GetFileName(disk), refused.Message, StringComparison.Ordinal);
        Assert.Equal(PowerState.On, (await south.FindAsync(_machine, Ct))?.Power);
        Assert.Null(await north.FindAsync(_machine, Ct));

        File.Move(disk + ".away", disk);
        await south.MoveLiveAsync(_machine, north, Epoch + 1, Ct);
        Assert.Equal((PowerState.On, Epoch + 1), ((await north.FindAsync(_machine, Ct))!.Power, (await north.FindAsync(_machine, Ct))!.LeaseEpoch));
        await Assert.ThrowsAsync<StaleLeaseException>(() => north.MoveLiveAsync(_machine, south, Epoch, Ct));
    }

    private LibvirtHypervisor Host(LibvirtDaemons daemons, string storage, string shared) => new(
        new HypervisorHost(new HostId(Guid.NewGuid()), daemons.Folder, daemons.Uri, storage, _installation) { SharedStorage = shared }, TimeProvider.System, NullLogger<LibvirtHypervisor>.Instance);

    // Without the forwarded port: both hosts are one computer, which has it once.
    private async Task StartAsync(LibvirtHypervisor host)
    {
        var disk = Path.Combine(_folder, "image.qcow2");
        await Rig.Postgres.Run.ToEndAsync("qemu-img", ["create", "-q", "-f", "qcow2", disk, "64M"], ct: Ct);
        await host.EnsureImageAsync(_image, disk, null, Ct);
        await host.CreateOverlayAsync(_machine, 1, _image, Ct);
        await host.DefineAsync(new(_machine, "moves", 1, 64, 1, new MachineNetwork.UserMode(Rig.Stack.LoopbackPorts.Free()), ["join"], Epoch), Ct);
        using (var connection = LibvirtConnection.Open(_daemons[0].Uri))
        using (var domain = connection.FindDomain(_machine.Value))
        {
            var definition = XElement.Parse(domain!.DefinitionXml());
            definition.Elements(XName.Get("commandline", "http://libvirt.org/schemas/domain/qemu/1.0")).Remove();
            connection.Define(definition.ToString()).Dispose();
        }
        await host.StartAsync(_machine, Epoch, Ct);
    }
}
