using System.Xml.Linq;
using Grpc.Core;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Native.Libvirt;
using Montalegre.Vdi.Rig.Clients;
using Montalegre.Vdi.Rig.Postgres;

namespace Montalegre.Vdi.EndToEnd.Tests;

/// <summary>Machines with network addresses of their own, and a machine that somebody else made.</summary>
[Collection(NetworkStack.Tests)]
public sealed class NetworkTests(NetworkStack network)
{
    private const string FreshColor = RunningStack.FreshColor, Pool = "Escritório", Adopted = "Adotadas";
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(6);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Machine_on_a_libvirt_network_gets_an_address_and_its_desktop_is_reached_through_the_gateway()
    {
        await network.Ana.UntilAsync(DesktopState.Ready, Person.BootPatience);
        var machine = Assert.Single((await network.Rui.Machines.ListAsync(new(), network.Rui.Token, cancellationToken: Ct)).Machines, m => m.PoolName == Pool);
        var card = Card(machine.MachineId);
        Assert.Equal(("network", "desktops"), (card.Type, card.Source));
        Assert.True(await Eventually.IsTrueAsync(() => $"{network.Network.LeaseOf(card.Mac)}:3389" == machine.Address, Soon), $"{network.Network.LeaseOf(card.Mac)} is leased, {machine.Address} is the machine's.");

        await using var screen = await RdpScreen.StartAsync(network.Network.Name);
        var ready = await network.Ana.ConnectAsync(screen, FreshColor);
        await network.Rui.UntilAsync(ready.SessionId, SessionState.Active, Soon);
        Assert.Null((await network.Ana.LogOffAsync(ready.SessionId)).Refused);
        await network.Rui.UntilAsync(ready.SessionId, SessionState.Ended, Soon);
    }

    [Fact]
    public async Task Machine_of_a_host_with_a_bridge_is_plugged_into_it()
    {
        var host = await network.Rui.Infrastructure.AddHostAsync(
            new() { Name = "ponte", Uri = network.Stack.Libvirt.Uri, Network = $"bridge:{network.Network.Bridge}", StoragePath = network.Stack.Libvirt.StoragePath }, network.Rui.Token, cancellationToken: Ct);
        var image = (await network.Rui.Infrastructure.ListImagesAsync(new(), network.Rui.Token, cancellationToken: Ct)).Images.Single(i => i.Number == 1);
        var pool = await network.Rui.Pools.CreateAsync(new()
        {
            Name = "Ponte", Kind = PoolKind.Floating, Size = 1, HostIds = { host.HostId }, ImageVersionId = image.ImageVersionId, Cpus = 1, MemoryMib = 256, MachineNamePattern = "ponte-{n:00}",
        }, network.Rui.Token, cancellationToken: Ct);
        Machine? machine = null;
        Assert.True(await Eventually.IsTrueAsync(async () =>
            (machine = (await network.Rui.Machines.ListAsync(new() { PoolId = pool.PoolId }, network.Rui.Token, cancellationToken: Ct)).Machines.SingleOrDefault(m => m.Power == PowerState.On)) is not null, Soon),
            network.Stack.Broker.LastLines(20));

        var card = Card(machine!.MachineId);
        Assert.Equal(("bridge", network.Network.Bridge), (card.Type, card.Source));
        Assert.Contains(card.Device, await network.Network.PluggedInAsync());

        await network.Rui.Pools.DeleteAsync(new() { PoolId = pool.PoolId }, network.Rui.Token, cancellationToken: Ct);
        // A deleted pool is out of sight at once and keeps its host until the last machine is gone.
        Assert.True(await Eventually.IsTrueAsync(async () =>
        {
            try
            {
                await network.Rui.Infrastructure.RemoveHostAsync(new() { HostId = host.HostId }, network.Rui.Token, cancellationToken: Ct);
                return true;
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.FailedPrecondition) { return false; }
        }, Soon), network.Stack.Broker.LastLines(20));
    }

    [Fact]
    public async Task Machine_that_somebody_else_made_is_adopted_used_and_let_go_as_it_was()
    {
        var (uuid, disk) = (Guid.NewGuid(), Path.Combine(network.Folder, "contabilidade.raw"));
        await Run.ToEndAsync("/usr/bin/qemu-img", ["convert", "-O", "raw", network.Image, disk], ct: Ct);
        Define(uuid, disk);
        var pool = await network.Rui.Pools.CreateAsync(new() { Name = Adopted, Kind = PoolKind.Manual }, network.Rui.Token, cancellationToken: Ct);
        await network.Rui.Pools.EntitleAsync(new() { PoolId = pool.PoolId, UserName = network.Stack.UserName }, network.Rui.Token, cancellationToken: Ct);
        var host = (await network.Rui.Infrastructure.ListHostsAsync(new(), network.Rui.Token, cancellationToken: Ct)).Hosts.Single(h => h.Name == "local");

        var added = await network.Rui.Machines.AdoptAsync(new() { PoolId = pool.PoolId, HostId = host.HostId, DomainUuid = uuid.ToString() }, network.Rui.Token, cancellationToken: Ct);
        Assert.Equal((uuid.ToString(), "contabilidade"), (added.Machine.MachineId, added.Machine.Name));
        await InstallJoinDocumentAsync(disk, added.JoinDocument);
        WithDomain(uuid, domain => domain.Start());
        await network.Ana.UntilAsync(DesktopState.Ready, Person.BootPatience, Adopted);

        await using (var screen = await RdpScreen.StartAsync(network.Network.Name))
        {
            var ready = await network.Ana.ConnectAsync(screen, FreshColor, Adopted);
            Assert.Equal("contabilidade", ready.MachineName);
            await network.Rui.UntilAsync(ready.SessionId, SessionState.Active, Soon);
            Assert.Null((await network.Ana.LogOffAsync(ready.SessionId)).Refused);
            await network.Rui.UntilAsync(ready.SessionId, SessionState.Ended, Soon);
        }

        // After its session it is offered again as it is, and nobody can have it refreshed.
        Assert.Equal(MachineState.Available, (await network.Rui.Machines.GetAsync(new() { MachineId = uuid.ToString() }, network.Rui.Token, cancellationToken: Ct)).Machine.State);
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await network.Rui.Machines.RefreshAsync(new() { MachineId = uuid.ToString() }, network.Rui.Token, cancellationToken: Ct));
        Assert.Contains("NOT_SUPPORTED", $"{refused.Status.Detail} {string.Join(' ', refused.Trailers)}", StringComparison.Ordinal);

        await network.Rui.Machines.RemoveAsync(new() { MachineId = uuid.ToString() }, network.Rui.Token, cancellationToken: Ct);
        Assert.True(await Eventually.IsTrueAsync(async () => (await network.Rui.Machines.ListAsync(new() { PoolId = pool.PoolId }, network.Rui.Token, cancellationToken: Ct)).Machines.Count == 0, Soon));
        WithDomain(uuid, domain =>
        {
            Assert.True(domain.IsActive);
            Assert.Contains(disk, domain.Xml(), StringComparison.Ordinal);
            Assert.DoesNotContain("montalegre", domain.DefinitionXml(), StringComparison.OrdinalIgnoreCase);
            domain.Destroy();
            domain.Undefine();
        });
        Assert.True(File.Exists(disk));
    }

    // As an administrator would have made it long ago, with nothing of ours in the definition.
    private void Define(Guid uuid, string disk)
    {
        using var connection = LibvirtConnection.Open(network.Stack.Libvirt.Uri);
        connection.Define($"""
            <domain type='qemu'>
              <name>contabilidade</name><uuid>{uuid}</uuid><memory unit='MiB'>768</memory><vcpu>1</vcpu>
              <os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>
              <cpu mode='custom' match='exact' check='none'><model fallback='forbid'>Nehalem</model></cpu>
              <devices>
                <disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{disk}'/><target dev='vda' bus='virtio'/></disk>
                <interface type='bridge'><source bridge='{network.Network.Bridge}'/><model type='virtio'/></interface>
                <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
              </devices>
            </domain>
            """).Dispose();
    }

    // What the person does who installs the agent: one file on the machine's disk.
    private async Task InstallJoinDocumentAsync(string disk, string document)
    {
        var join = Path.Combine(network.Folder, "join");
        await File.WriteAllTextAsync(join, document + "\n", Ct);
        await Run.ToEndAsync("/usr/sbin/debugfs", ["-w", "-f", "-", $"{disk}?offset=1048576"], $"mkdir /etc/montalegre\nwrite {join} /etc/montalegre/join\n", Ct);
    }

    // While a machine runs libvirt shows the bridge behind a network; the definition says what was asked for.
    private (string Type, string Source, string Mac, string Device) Card(string machine)
    {
        var (defined, running) = (XElement.Parse("<none/>"), XElement.Parse("<none/>"));
        WithDomain(Guid.Parse(machine), domain => (defined, running) = (XElement.Parse(domain.DefinitionXml()), XElement.Parse(domain.Xml())));
        var card = defined.Descendants("interface").Single();
        var type = (string)card.Attribute("type")!;
        return (type, (string)card.Element("source")!.Attribute(type)!, (string)card.Element("mac")!.Attribute("address")!, (string)running.Descendants("interface").Single().Element("target")!.Attribute("dev")!);
    }

    private void WithDomain(Guid uuid, Action<LibvirtDomain> act)
    {
        using var connection = LibvirtConnection.Open(network.Stack.Libvirt.Uri);
        using var domain = connection.FindDomain(uuid) ?? throw new InvalidOperationException($"There is no domain {uuid}.");
        act(domain);
    }
}
