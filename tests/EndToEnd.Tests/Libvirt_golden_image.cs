using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Rig;
using Montalegre.Vdi.Rig.Commands;
using Montalegre.Vdi.Rig.Libvirt;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.EndToEnd.Tests;

/// <summary>The golden image as a real machine on a real libvirt: from power-on to xrdp's answer, refresh, and away without a trace.</summary>
[Collection(NetworkStack.Tests)]
public sealed class Libvirt_golden_image : IAsyncLifetime
{
    private const long Epoch = 1;
    private static readonly TimeSpan BootPatience = TimeSpan.FromMinutes(15);
    // X.224 Connection Request with an RDP negotiation request for TLS, and the type of the answer's negotiation part.
    private static readonly byte[] ConnectionRequest = Convert.FromHexString("030000130ee000000000000100080001000000");
    private const byte NegotiationResponse = 2;
    private readonly string _folder = Directory.CreateTempSubdirectory("mvdi-").FullName;
    private LibvirtDaemons _daemons = null!;
    private LibvirtHypervisor _hypervisor = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        // The machines run as another user and must get through.
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101);
        _daemons = await LibvirtDaemons.StartAsync(Path.Combine(_folder, "lv"), null, Ct);
        _hypervisor = new LibvirtHypervisor(
            new HypervisorHost(new HostId(Guid.NewGuid()), "here", _daemons.Uri, _daemons.StoragePath, Guid.NewGuid()),
            TimeProvider.System, NullLogger<LibvirtHypervisor>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        await _hypervisor.DisposeAsync();
        _daemons.StopMachines();
        await _daemons.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Clone_of_the_golden_image_answers_RDP_and_is_refreshed_and_deleted_without_a_trace()
    {
        static void Say(string line) => TestContext.Current.SendDiagnosticMessage(line);
        var progress = new Progress(TextWriter.Null);
        var file = await ImageCommand.BuildAsync(progress, Ct);
        var image = new ImageVersionId(Guid.NewGuid());
        await _hypervisor.EnsureImageAsync(image, file, null, Ct);
        var machine = new MachineId(Guid.NewGuid());
        var port = LoopbackPorts.Free();

        await using var events = _hypervisor.EventsAsync(Ct).GetAsyncEnumerator(Ct);
        var first = events.MoveNextAsync();
        for (var generation = 1; generation <= 2; generation++)
        {
            if (generation > 1) await _hypervisor.StopAsync(machine, StopMode.Force, Epoch, Ct);
            await _hypervisor.CreateOverlayAsync(machine, generation, image, Ct);
            await _hypervisor.DefineAsync(
                new MachineDefinition(machine, "golden", 2, 1024, generation, new MachineNetwork.UserMode(port), ["montalegre"], Epoch), Ct);
            await _hypervisor.DeleteOtherOverlaysAsync(machine, generation, Ct);
            var clock = Stopwatch.StartNew();
            await _hypervisor.StartAsync(machine, Epoch, Ct);
            // That the first start answers is what every other test here begins with; its boot would only be waited for once more.
            if (generation == 1) continue;
            await UntilRdpAnswersAsync(port);
            Say($"power-on to RDP answer, overlay {generation}: {clock.Elapsed.TotalSeconds:0.0} s");
        }
        Assert.True(await first);
        Assert.Equal(new HypervisorEvent(HypervisorEventKind.Started, machine), events.Current);

        await _hypervisor.DeleteAsync(machine, Epoch, Ct);
        await _hypervisor.DeleteImageAsync(image, Ct);
        Assert.Empty(await _hypervisor.ListAsync(Ct));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_daemons.StoragePath));
    }

    private static async Task UntilRdpAnswersAsync(int port)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        deadline.CancelAfter(BootPatience);
        while (!await AnswersAsync(port, deadline.Token)) await Task.Delay(250, deadline.Token);
    }

    // QEMU accepts the forwarded connection before the guest listens: only bytes count.
    private static async Task<bool> AnswersAsync(int port, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port, patience.Token);
            var stream = client.GetStream();
            await stream.WriteAsync(ConnectionRequest, patience.Token);
            var answer = new byte[19];
            await stream.ReadExactlyAsync(answer, patience.Token);
            return answer[11] == NegotiationResponse;
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return false;
        }
    }
}
