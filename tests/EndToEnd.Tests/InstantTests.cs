using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Native.Libvirt;
using Montalegre.Vdi.Rig.Clients;

namespace Montalegre.Vdi.EndToEnd.Tests;

/// <summary>A real machine that is started from the running state of its image, against the same one booted in the same run.</summary>
[Collection(RunningStack.Tests)]
public sealed partial class InstantTests(RunningStack running)
{
    // X.224 Connection Request with an RDP negotiation request for TLS.
    private static readonly byte[] ConnectionRequest = Convert.FromHexString("030000130ee000000000000100080001000000");
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(25);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Machines_of_an_instant_pool_are_not_booted_and_each_is_somebody_of_its_own()
    {
        var (infrastructure, token) = (running.Rui.Infrastructure, running.Rui.Token);
        var host = (await infrastructure.ListHostsAsync(new(), token, cancellationToken: Ct)).Hosts.Single();
        var golden = (await infrastructure.ListImagesAsync(new(), token, cancellationToken: Ct)).Images.First(i => i.Number == 1);
        var pool = (await running.Rui.Pools.CreateAsync(new()
        {
            Name = "Instante", Kind = PoolKind.Floating, HostIds = { host.HostId }, ImageVersionId = golden.ImageVersionId, Cpus = 1, MemoryMib = 512, MachineNamePattern = "instante-{n:00}",
        }, token, cancellationToken: Ct)).PoolId;
        var booted = await ReadyAfterAsync(pool, 1, () => running.Rui.Pools.UpdateAsync(new() { PoolId = pool, Size = 1 }, token, cancellationToken: Ct).ResponseAsync);
        var first = Assert.Single(await MachinesAsync(pool));
        Assert.DoesNotContain(BecameMark, await ConsoleAsync(first.MachineId), StringComparison.Ordinal);

        await running.Rui.Pools.UpdateAsync(new() { PoolId = pool, Instant = true }, token, cancellationToken: Ct);
        Assert.True(await Eventually.IsTrueAsync(async () => (await infrastructure.ListImagesAsync(new(), token, cancellationToken: Ct)).Images.Single(i => i.ImageVersionId == golden.ImageVersionId)
            .Copies.SelectMany(c => c.RunningStates).Any(s => s is { State: RunningStateState.Ready, MemoryMib: 512 }), Patience), running.Stack.Broker.LastLines(30));
        var restored = await ReadyAfterAsync(pool, 2, () => running.Rui.Pools.UpdateAsync(new() { PoolId = pool, Size = 2 }, token, cancellationToken: Ct).ResponseAsync);
        TestContext.Current.SendDiagnosticMessage(FormattableString.Invariant(
            $"wanted to agent-ready: booted {booted.Seconds:0.0} s ({booted.Cpu:0.0} s of processor), from a running state {restored.Seconds:0.0} s ({restored.Cpu:0.0} s): {restored.Seconds / booted.Seconds:0.00} of the time, {restored.Cpu / booted.Cpu:0.00} of the processor"));
        // Not by the clock, which other work on the machine moves: what a boot does on the processor was not done.
        Assert.InRange(restored.Cpu / booted.Cpu, 0, 0.5);

        // The booted one is made anew as well: two that came from the same memory run side by side.
        var old = (await MachinesAsync(pool)).Single(m => m.MachineId == first.MachineId);
        await running.Rui.Machines.RefreshAsync(new() { MachineId = first.MachineId }, token, cancellationToken: Ct);
        // It may be back before this test looks: then it is available since a later moment.
        Assert.True(await Eventually.IsTrueAsync(async () => (await MachinesAsync(pool)).Single(m => m.MachineId == first.MachineId) is var now && (now.State != MachineState.Available || !now.StateSince.Equals(old.StateSince)), Patience));
        await UntilReadyAsync(pool, 2);
        var seen = new HashSet<string>();
        foreach (var machine in await MachinesAsync(pool))
        {
            Assert.Equal("", (await running.Rui.Machines.GetAsync(new() { MachineId = machine.MachineId }, token, cancellationToken: Ct)).Operations[0].Error);
            // A line of the machine's serial port reaches the file later than the agent's word reaches the broker.
            if (!await Eventually.IsTrueAsync(async () => (await ConsoleAsync(machine.MachineId)).Contains($"{BecameMark} {machine.MachineId}", StringComparison.Ordinal), Patience)) Assert.Fail(await ConsoleAsync(machine.MachineId));
            Assert.True(seen.Add(await RdpCertificateAsync(machine.MachineId)), "two machines have one key");
        }
        Assert.Single(Domains(), d => d.StartsWith("instante-01", StringComparison.Ordinal));
        Assert.DoesNotContain(Domains(), d => d.StartsWith("montalegre-state-", StringComparison.Ordinal));

        await running.Rui.Pools.DeleteAsync(new() { PoolId = pool }, token, cancellationToken: Ct);
        // Whoever comes next expects the installation's own machine alone. The state stays as long as a machine has that image version.
        Assert.True(await Eventually.IsTrueAsync(async () => (await MachinesAsync(pool)).Count == 0, Patience), running.Stack.Broker.LastLines(30));
    }

    private const string BecameMark = "5031 Started from a running state as machine";

    /// <summary>Seconds from the word to as many ready machines as wanted, and processor seconds of the newest one's QEMU until then.</summary>
    private async Task<(double Seconds, double Cpu)> ReadyAfterAsync(string pool, int machines, Func<Task> ask)
    {
        var clock = Stopwatch.StartNew();
        await ask();
        await UntilReadyAsync(pool, machines);
        var took = clock.Elapsed.TotalSeconds;
        return (took, ProcessorSeconds((await MachinesAsync(pool))[^1].MachineId));
    }

    private async Task UntilReadyAsync(string pool, int machines) => Assert.True(
        await Eventually.IsTrueAsync(async () => (await MachinesAsync(pool)).Count(m => m is { State: MachineState.Available, AgentConnected: true }) == machines, Patience),
        $"{string.Join('\n', await MachinesAsync(pool))}\n{running.Stack.Broker.LastLines(30)}");

    private async Task<IReadOnlyList<Machine>> MachinesAsync(string pool) =>
        [.. (await running.Rui.Machines.ListAsync(new() { PoolId = pool }, running.Rui.Token, cancellationToken: Ct)).Machines.OrderBy(m => m.Name, StringComparer.Ordinal)];

    private XElement Definition(string machine)
    {
        using var connection = LibvirtConnection.Open(running.Stack.Libvirt.Uri);
        using var domain = connection.FindDomain(Guid.Parse(machine)) ?? throw new InvalidOperationException($"There is no domain {machine}.");
        return XElement.Parse(domain.Xml());
    }

    private IReadOnlyList<string> Domains()
    {
        using var connection = LibvirtConnection.Open(running.Stack.Libvirt.Uri);
        var domains = connection.Domains();
        foreach (var domain in domains) domain.Dispose();
        return [.. domains.Select(d => d.Name)];
    }

    private Task<string> ConsoleAsync(string machine) =>
        File.ReadAllTextAsync((string)Definition(machine).Descendants("serial").Elements("source").Single().Attribute("path")!, Ct);

    private static double ProcessorSeconds(string machine)
    {
        const int UserTime = 11, SystemTime = 12, TicksPerSecond = 100;     // fields after the name, which may have blanks
        foreach (var process in Process.GetProcessesByName("qemu-system-x86_64"))
            using (process)
            {
                if (!CommandLine(process.Id).Contains(machine, StringComparison.Ordinal)) continue;
                var stat = File.ReadAllText($"/proc/{process.Id}/stat");
                var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                return (double.Parse(fields[UserTime], CultureInfo.InvariantCulture) + double.Parse(fields[SystemTime], CultureInfo.InvariantCulture)) / TicksPerSecond;
            }
        throw new InvalidOperationException($"No QEMU runs machine {machine}.");
    }

    // Machines of the other installation come and go meanwhile.
    private static string CommandLine(int process)
    {
        try { return File.ReadAllText($"/proc/{process}/cmdline"); }
        catch (IOException) { return ""; }
    }

    private async Task<string> RdpCertificateAsync(string machine)
    {
        var port = int.Parse(ForwardedPort().Match(Definition(machine).ToString()).Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port, Ct);
        await client.GetStream().WriteAsync(ConnectionRequest, Ct);
        await client.GetStream().ReadExactlyAsync(new byte[19], Ct);
        // INVARIANT: any certificate will do, since only which one it is is asked.
        await using var tls = new SslStream(client.GetStream(), leaveInnerStreamOpen: false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "desktop" }, Ct);
        return tls.RemoteCertificate!.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256);
    }

    [GeneratedRegex("hostfwd=tcp:127\\.0\\.0\\.1:([0-9]+)-")]
    private static partial Regex ForwardedPort();
}
