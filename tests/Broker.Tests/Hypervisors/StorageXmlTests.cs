using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Hypervisors;

public sealed class StorageXmlTests
{
    [Fact]
    public void Overlay_name_tells_machine_and_generation_back()
    {
        var machine = new MachineId(Guid.NewGuid());

        Assert.Equal((machine, 12), StorageXml.ReadOverlay(StorageXml.Overlay(machine, 12)));
        Assert.StartsWith(StorageXml.MachinePrefix(machine), StorageXml.Overlay(machine, 12), StringComparison.Ordinal);
        Assert.StartsWith(StorageXml.MachinePrefix(machine), StorageXml.Console(machine), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("image-0190aaaabbbb7ccc8dddeeeeeeeeff01.qcow2")]
    [InlineData("machine-0190aaaabbbb7ccc8dddeeeeeeeeff01.console")]
    [InlineData("machine-0190aaaabbbb7ccc8dddeeeeeeeeff01.-1.qcow2")]
    [InlineData("machine-nonsense.1.qcow2")]
    [InlineData("somebody-elses.qcow2")]
    public void Other_volumes_are_no_overlays(string name)
    {
        Assert.Null(StorageXml.ReadOverlay(name));
    }
}
