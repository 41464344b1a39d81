using System.Diagnostics;
using Montalegre.Vdi.Benchmarks.Brokers;
using Montalegre.Vdi.Benchmarks.Figures;
using Montalegre.Vdi.Benchmarks.Processes;
using Montalegre.Vdi.Rig.Libvirt;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Benchmarks.Clones;

/// <summary>
/// Twenty linked clones defined and started on one real libvirt: through the controller, and by a shell loop of
/// <c>qemu-img create</c>, <c>virsh define</c> and <c>virsh start</c> with the same definition, turn by turn.
/// </summary>
internal static class CloneBenchmark
{
    private const int Clones = 20, Rounds = 3;
    private const string Database = "clones";

    public static async Task RunAsync(CancellationToken ct)
    {
        var folder = Directory.CreateTempSubdirectory("mvdb-").FullName;
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        var daemons = await LibvirtDaemons.StartAsync(Path.Combine(folder, "lv"), null, ct);
        try
        {
            await using var cluster = await Cluster.StartAsync();
            await Cluster.SeedAsync(cluster, Database, "select;", ct);
            // Nothing boots from the empty disks, so no agent reports: the host's pace must leave room for all of them.
            await using var broker = await RunningBroker.StartAsync(cluster, Database, ct,
                $"--Provisioning:ParallelPerHost={Clones}", $"--Provisioning:MostParallelPerHost={Clones}", "--Provisioning:EnrolmentUrl=https://127.0.0.1:1", "--Provisioning:ChannelUrl=https://127.0.0.1:2");
            using var controller = await ControllerSide.PrepareAsync(broker, daemons, folder, ct);
            await controller.RoundAsync(Clones, ct);   // compiles the way
            var shell = await ShellSide.PrepareAsync(daemons, folder, Clones, ct);
            await controller.ClearAsync(ct);
            await MeasureAsync(daemons, broker, controller, shell, ct);
        }
        finally
        {
            daemons.StopMachines();
            await daemons.DisposeAsync();
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task MeasureAsync(LibvirtDaemons daemons, RunningBroker broker, ControllerSide controller, ShellSide shell, CancellationToken ct)
    {
        var (ours, theirs, cpu) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            var from = Stopwatch.GetTimestamp();
            await shell.RoundAsync(ct);
            theirs.Add(Stopwatch.GetElapsedTime(from).TotalSeconds);
            Expect(daemons);
            await shell.ClearAsync(ct);

            var before = Usage.CpuSeconds(broker.ProcessId);
            ours.Add((await controller.RoundAsync(Clones, ct)).TotalSeconds);
            cpu.Add(Usage.CpuSeconds(broker.ProcessId) - before);
            Expect(daemons);
            await controller.ClearAsync(ct);
        }
        Report.Print(new("pools.twenty-linked-clones", Median(ours), "s", "qemu-img+virsh", Median(theirs), Target.RatioAtMost(1)));
        Report.Note($"pools: {Clones} clones, seconds by turns: controller {string.Join(", ", ours.Select(s => FormattableString.Invariant($"{s:0.00}")))}; shell {string.Join(", ", theirs.Select(s => FormattableString.Invariant($"{s:0.00}")))}; the broker's CPU {Median(cpu):0.00} s; load {Report.Load()}");
    }

    private static void Expect(LibvirtDaemons daemons)
    {
        using var connection = Native.Libvirt.LibvirtConnection.Open(daemons.Uri);
        var running = connection.Domains().Count(domain => { using (domain) return domain.IsActive; });
        if (running != Clones) throw new InvalidOperationException($"{running} machines run instead of {Clones}.");
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
