using System.Security.Cryptography;
using System.Xml.Linq;
using Google.Protobuf;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Native.Libvirt;
using Montalegre.Vdi.Rig.Clients;
using Montalegre.Vdi.Rig.Postgres;

namespace Montalegre.Vdi.EndToEnd.Tests;

/// <summary>A pool of real machines from nothing to a new image, with what happens to it on the way.</summary>
[Collection(NetworkStack.Tests)]
public sealed class PoolLifeTests(NetworkStack network)
{
    private const int PieceLength = 512 * 1024;
    private const uint Machines = 3;
    private const string AgentStarts = "5001 Agent";     // on the machine's serial line at every boot
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(25);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pool_grows_from_nothing_mends_what_was_destroyed_by_hand_takes_a_broken_image_back_unseen_and_a_sealed_one_on()
    {
        var (infrastructure, token) = (network.Rui.Infrastructure, network.Rui.Token);
        var host = (await infrastructure.ListHostsAsync(new(), token, cancellationToken: Ct)).Hosts.Single(h => h.Name == "local");
        var golden = (await infrastructure.ListImagesAsync(new(), token, cancellationToken: Ct)).Images.Single(i => i.Number == 1);
        var pool = (await network.Rui.Pools.CreateAsync(new()
        {
            Name = "Escola", Kind = PoolKind.Floating, HostIds = { host.HostId }, ImageVersionId = golden.ImageVersionId, Cpus = 1, MemoryMib = 512, MachineNamePattern = "escola-{n:00}",
        }, token, cancellationToken: Ct)).PoolId;
        Assert.Empty(await MachinesAsync(pool));

        await network.Rui.Pools.UpdateAsync(new() { PoolId = pool, Size = Machines }, token, cancellationToken: Ct);
        await UntilAllReadyAsync(pool);

        var lost = (await MachinesAsync(pool))[0];
        DestroyByHand(lost.MachineId);
        // It may be back before this test looks: then it is available since a later moment.
        Assert.True(await Eventually.IsTrueAsync(async () => (await MachinesAsync(pool)).SingleOrDefault(m => m.MachineId == lost.MachineId) is not { State: MachineState.Available } now || !now.StateSince.Equals(lost.StateSince), Patience), network.Stack.Broker.LastLines(20));
        await UntilAllReadyAsync(pool);

        // Nobody is offered the broken version: of the machines at most the canary is away, and it comes back as it was.
        var broken = (await infrastructure.PublishImageAsync(new() { Name = "sem-agente", Path = await WithoutAgentAsync() }, token, cancellationToken: Ct)).ImageVersionId;
        var first = await RollOutAsync(pool, broken, startWithinSeconds: 90, keepReady: Machines - 1);
        Assert.Equal((RolloutState.RolledBack, ReasonCode.AgentSilent), (first.State, first.Halted?.Code));
        await UntilAllReadyAsync(pool);
        Assert.Equal(golden.ImageVersionId, await VersionAsync(pool));

        var @sealed = await ImportAsync(network.Image);
        var second = await RollOutAsync(pool, @sealed, startWithinSeconds: 1200, keepReady: 1);
        Assert.True(second.State == RolloutState.Done, $"{second}\n{network.Stack.Broker.LastLines(20)}");
        Assert.All(second.Probes, p => Assert.Equal("passed", p.State));
        await UntilAllReadyAsync(pool);
        Assert.Equal(@sealed, await VersionAsync(pool));

        await network.Rui.Pools.DeleteAsync(new() { PoolId = pool }, token, cancellationToken: Ct);
        Assert.True(await Eventually.IsTrueAsync(async () => (await MachinesAsync(pool)).Count == 0, Patience), network.Stack.Broker.LastLines(20));
    }

    [Fact]
    public async Task Unused_machine_is_suspended_goes_on_where_it_was_and_is_shut_down_and_booted_when_that_is_wanted()
    {
        var pool = (await network.Rui.Pools.ListAsync(new(), network.Rui.Token, cancellationToken: Ct)).Pools.Single(p => p.Name == "Escritório").PoolId;
        await UntilAsync(pool, MachineState.Available);
        var machine = Assert.Single(await MachinesAsync(pool)).MachineId;

        await WishAsync(pool, 0, IdleAction.Suspend);
        await UntilAsync(pool, MachineState.Asleep);
        Assert.True(await Eventually.IsTrueAsync(() => ActiveAndSaved(machine) == (false, true), Patience), $"{ActiveAndSaved(machine)}");
        await WishAsync(pool, 1, IdleAction.Suspend);
        await UntilAsync(pool, MachineState.Available);
        Assert.Equal("", (await network.Rui.Machines.GetAsync(new() { MachineId = machine }, network.Rui.Token, cancellationToken: Ct)).Operations[0].Error);
        await UntilSaidAsync(machine, "stood still; its clock was set forward");
        Assert.DoesNotContain(AgentStarts, await ConsoleAsync(machine), StringComparison.Ordinal);

        await WishAsync(pool, 0, IdleAction.ShutDown);
        await UntilAsync(pool, MachineState.Asleep);
        Assert.True(await Eventually.IsTrueAsync(() => ActiveAndSaved(machine) == (false, false), Patience), $"{ActiveAndSaved(machine)}");
        await network.Rui.Power.RemoveScheduleAsync(new() { PoolId = pool }, network.Rui.Token, cancellationToken: Ct);
        await UntilAsync(pool, MachineState.Available);
        await UntilSaidAsync(machine, AgentStarts);
    }

    // A line of the machine's serial port reaches the file later than the agent's word reaches the broker.
    private async Task UntilSaidAsync(string machine, string text)
    {
        if (!await Eventually.IsTrueAsync(async () => (await ConsoleAsync(machine)).Contains(text, StringComparison.Ordinal), Patience)) Assert.Contains(text, await ConsoleAsync(machine), StringComparison.Ordinal);
    }

    private async Task WishAsync(string pool, uint spare, IdleAction idle) => await network.Rui.Power.SetScheduleAsync(
        new() { PoolId = pool, Schedule = new() { Otherwise = new() { Spare = new() { Machines = spare }, Idle = idle, Open = true } } }, network.Rui.Token, cancellationToken: Ct);

    private async Task UntilAsync(string pool, MachineState state) => Assert.True(
        await Eventually.IsTrueAsync(async () => await MachinesAsync(pool) is [var only] && only.State == state && (only.AgentConnected || state == MachineState.Asleep), Patience),
        $"{string.Join('\n', await MachinesAsync(pool))}\n{network.Stack.Broker.LastLines(30)}");

    private (bool Active, bool Saved) ActiveAndSaved(string machine)
    {
        using var connection = LibvirtConnection.Open(network.Stack.Libvirt.Uri);
        using var domain = connection.FindDomain(Guid.Parse(machine)) ?? throw new InvalidOperationException($"There is no domain {machine}.");
        return (domain.IsActive, domain.HasManagedSave);
    }

    // What the machine wrote to its serial line since it was switched on.
    private async Task<string> ConsoleAsync(string machine)
    {
        using var connection = LibvirtConnection.Open(network.Stack.Libvirt.Uri);
        using var domain = connection.FindDomain(Guid.Parse(machine)) ?? throw new InvalidOperationException($"There is no domain {machine}.");
        return await File.ReadAllTextAsync((string)XElement.Parse(domain.DefinitionXml()).Descendants("serial").Elements("source").Single().Attribute("path")!, Ct);
    }

    private async Task<IReadOnlyList<Machine>> MachinesAsync(string pool) =>
        [.. (await network.Rui.Machines.ListAsync(new() { PoolId = pool }, network.Rui.Token, cancellationToken: Ct)).Machines.OrderBy(m => m.Name, StringComparer.Ordinal)];

    private async Task UntilAllReadyAsync(string pool) => Assert.True(
        await Eventually.IsTrueAsync(async () => (await MachinesAsync(pool)).Count(m => m is { State: MachineState.Available, AgentConnected: true }) == Machines, Patience),
        $"{string.Join('\n', await MachinesAsync(pool))}\n{network.Stack.Broker.LastLines(30)}");

    private async Task<string> VersionAsync(string pool) =>
        (await network.Rui.Pools.ListAsync(new(), network.Rui.Token, cancellationToken: Ct)).Pools.Single(p => p.PoolId == pool).ImageVersionId;

    /// <summary>From the word to its end; on the way never fewer machines are ready than were to be kept.</summary>
    private async Task<Rollout> RollOutAsync(string pool, string version, uint startWithinSeconds, uint keepReady)
    {
        var rollouts = network.Rui.Rollouts;
        var rollout = await rollouts.StartAsync(
            new() { PoolId = pool, ImageVersionId = version, Canaries = 1, WavePercent = 100, KeepReady = keepReady, StartWithinSeconds = startWithinSeconds }, network.Rui.Token, cancellationToken: Ct);
        var least = Machines;
        Assert.True(await Eventually.IsTrueAsync(async () =>
        {
            least = Math.Min(least, (uint)(await MachinesAsync(pool)).Count(m => m.State == MachineState.Available));
            rollout = await rollouts.GetAsync(new() { RolloutId = rollout.RolloutId }, network.Rui.Token, cancellationToken: Ct);
            return rollout.EndedAt is not null;
        }, Patience), $"{rollout}\n{network.Stack.Broker.LastLines(30)}");
        Assert.True(least >= keepReady, $"{least} machines were ready, {keepReady} were to be kept.");
        return rollout;
    }

    private void DestroyByHand(string machine)
    {
        using var connection = LibvirtConnection.Open(network.Stack.Libvirt.Uri);
        using var domain = connection.FindDomain(Guid.Parse(machine)) ?? throw new InvalidOperationException($"There is no domain {machine}.");
        domain.Destroy();
        domain.Undefine();
    }

    private async Task<string> WithoutAgentAsync()
    {
        var (raw, image) = (Path.Combine(network.Folder, "sem-agente.raw"), Path.Combine(network.Folder, "sem-agente.qcow2"));
        await Run.ToEndAsync("/usr/bin/qemu-img", ["convert", "-O", "raw", network.Image, raw], ct: Ct);
        await Run.ToEndAsync("/usr/sbin/debugfs", ["-w", "-f", "-", $"{raw}?offset=1048576"], "rm /usr/lib/montalegre/montalegre-agent\n", Ct);
        await Run.ToEndAsync("/usr/bin/qemu-img", ["convert", "-O", "qcow2", raw, image], ct: Ct);
        File.Delete(raw);
        return image;
    }

    /// <summary>The golden image as IT sends it: in pieces, checked, sealed.</summary>
    private async Task<string> ImportAsync(string file)
    {
        var (images, token) = (network.Rui.Images, network.Rui.Token);
        await using var disk = File.OpenRead(file);
        var import = await images.BeginImportAsync(
            new() { Name = "enviada", FileName = Path.GetFileName(file), SizeBytes = (ulong)disk.Length, Sha256 = ByteString.CopyFrom(await SHA256.HashDataAsync(disk, Ct)) }, token, cancellationToken: Ct);
        var piece = new byte[PieceLength];
        while (import.ReceivedBytes < import.SizeBytes)
        {
            disk.Position = (long)import.ReceivedBytes;
            var read = await disk.ReadAtLeastAsync(piece, (int)Math.Min((ulong)piece.Length, import.SizeBytes - import.ReceivedBytes), cancellationToken: Ct);
            import = await images.AppendImportAsync(new() { ImportId = import.ImportId, Offset = import.ReceivedBytes, Data = ByteString.CopyFrom(piece, 0, read) }, token, cancellationToken: Ct);
        }
        await images.FinishImportAsync(new() { ImportId = import.ImportId }, token, cancellationToken: Ct);
        Assert.True(await Eventually.IsTrueAsync(async () =>
            (import = await images.GetImportAsync(new() { ImportId = import.ImportId }, token, cancellationToken: Ct)).State is not (ImportState.Receiving or ImportState.Working), Patience), $"{import}");
        Assert.True(import.State == ImportState.Done, $"{import}");
        return import.ImageVersionId;
    }
}
