using System.Xml.Linq;
using Microsoft.Extensions.Logging.Abstractions;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Native.Libvirt;
using Montalegre.Vdi.Rig.Libvirt;

namespace Montalegre.Vdi.Broker.Tests.Hypervisors;

/// <summary>Machines of a real libvirt and QEMU that run from the saved memory of another one, with an empty disk in place of a golden image.</summary>
public sealed class RunningStateOnLibvirtTests : IAsyncLifetime
{
    private const long Epoch = 5;
    private readonly string _folder = Directory.CreateTempSubdirectory("mvdi-").FullName;
    private readonly ImageVersionId _image = new(Guid.NewGuid());
    private LibvirtDaemons _daemons = null!;
    private LibvirtHypervisor _hypervisor = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        // The machines run as another user and must get through.
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101);
        _daemons = await LibvirtDaemons.StartAsync(Path.Combine(_folder, "lv"), null, Ct);
        _hypervisor = new(new(new HostId(Guid.NewGuid()), "here", _daemons.Uri, _daemons.StoragePath, Guid.NewGuid()), TimeProvider.System, NullLogger<LibvirtHypervisor>.Instance);
        var disk = Path.Combine(_folder, "image.qcow2");
        await Rig.Postgres.Run.ToEndAsync("qemu-img", ["create", "-q", "-f", "qcow2", disk, "64M"], ct: Ct);
        await _hypervisor.EnsureImageAsync(_image, disk, null, Ct);
    }

    public async ValueTask DisposeAsync()
    {
        await _hypervisor.DisposeAsync();
        _daemons.StopMachines();
        await _daemons.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Two_machines_run_from_one_state_under_names_of_their_own_and_nothing_is_left_of_any_of_them()
    {
        var state = await DefinedAsync("state");
        await _hypervisor.StartAsync(state, Epoch, Ct);
        await _hypervisor.KeepRunningStateAsync(state, Epoch, Ct);
        Assert.Null(await _hypervisor.FindAsync(state, Ct));

        var (one, other) = (await DefinedAsync("one"), await DefinedAsync("other"));
        foreach (var machine in new[] { one, other, one })     // a third time: asked again after a crash
            await _hypervisor.StartFromRunningStateAsync(machine, 1, state, Epoch, Ct);
        Assert.All(new[] { ("one", one), ("other", other) }, m =>
        {
            using var connection = LibvirtConnection.Open(_daemons.Uri);
            using var domain = connection.FindDomain(m.Item2.Value)!;
            Assert.Equal((m.Item1, DomainState.Running, true), (domain.Name, domain.State, domain.WasRestored));
            var live = XElement.Parse(domain.Xml());
            Assert.Equal([StorageXml.Overlay(m.Item2, 1), StorageXml.Overlay(state, 1), StorageXml.Image(_image)], live.Descendants("disk").Single().Descendants("source").Select(s => Path.GetFileName((string?)s.Attribute("file")!)));
            Assert.Equal($"join {m.Item1}", (string?)live.Descendants("oemStrings").Elements("entry").Single());
        });
        Assert.Equal([StorageXml.Memory(state)], Directory.GetFiles(_daemons.StoragePath, "*.memory").Select(Path.GetFileName));
        Assert.Equal([PowerState.On, PowerState.On], (await _hypervisor.ListAsync(Ct)).Select(m => m.Power));

        foreach (var machine in new[] { one, other, state }) await _hypervisor.DeleteAsync(machine, Epoch, Ct);
        await _hypervisor.DeleteImageAsync(_image, Ct);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_daemons.StoragePath));
    }

    [Fact]
    public async Task Without_the_state_or_with_another_build_it_says_why_and_the_machine_still_boots()
    {
        var (state, machine) = (await DefinedAsync("state"), await DefinedAsync("one", memory: 256));
        Assert.Contains("not in the storage", (await Assert.ThrowsAsync<SavedMemoryException>(() => _hypervisor.StartFromRunningStateAsync(machine, 1, state, Epoch, Ct))).Message, StringComparison.Ordinal);
        await _hypervisor.StartAsync(state, Epoch, Ct);
        await _hypervisor.KeepRunningStateAsync(state, Epoch, Ct);
        Assert.Contains("other memory", (await Assert.ThrowsAsync<SavedMemoryException>(() => _hypervisor.StartFromRunningStateAsync(machine, 1, state, Epoch, Ct))).Message, StringComparison.Ordinal);
        await _hypervisor.CreateOverlayAsync(machine, 2, _image, Ct);
        await _hypervisor.DefineAsync(Definition(machine, "one", 256, 2), Ct);
        await _hypervisor.StartAsync(machine, Epoch, Ct);
        Assert.Equal(PowerState.On, (await _hypervisor.FindAsync(machine, Ct))!.Power);
    }

    // Port 0: any.
    private static MachineDefinition Definition(MachineId machine, string name, int memory, int generation) =>
        new(machine, name, 1, memory, generation, new MachineNetwork.UserMode(0), [$"join {name}"], Epoch);

    private async Task<MachineId> DefinedAsync(string name, int memory = 128)
    {
        var machine = new MachineId(Guid.NewGuid());
        await _hypervisor.CreateOverlayAsync(machine, 1, _image, Ct);
        await _hypervisor.DefineAsync(Definition(machine, name, memory, 1), Ct);
        return machine;
    }
}
