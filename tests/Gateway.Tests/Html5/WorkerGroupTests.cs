using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Montalegre.Vdi.Gateway.Html5;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Protocol.FrontEnd;

namespace Montalegre.Vdi.Gateway.Tests.Html5;

/// <summary>Workers that run wild, in real control groups: those of v2, or the cpu hierarchy of v1 where a kernel still has that one.</summary>
public sealed class WorkerGroupTests : IDisposable
{
    private const double Limit = 0.3;       // of one core
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string? _group = MakeGroup();

    public void Dispose()
    {
        if (_group is null) return;
        foreach (var left in Directory.EnumerateDirectories(_group)) Directory.Delete(left);
        Directory.Delete(_group);
    }

    [Fact]
    public async Task Worker_lives_in_a_group_of_its_own_that_goes_with_it()
    {
        Require();
        await using var machine = new FakeMachine();
        var redeemer = new FakeRedeemer();
        await using (var gateway = await DesktopGateway.StartAsync(redeemer, Settings))
        {
            await using var browser = gateway.Browser();
            await browser.ConnectAsync(gateway.Socket, redeemer.NewTicket(machine.Address, machine.CertificateSha256));
            await machine.TalkAsync(FrontEndStep.Active);
            Assert.True(await browser.UntilAsync(b => b.Welcome is not null, Patience));
            var group = Assert.Single(Directory.EnumerateDirectories(_group!));
            Assert.NotEmpty(await File.ReadAllLinesAsync(Path.Combine(group, "cgroup.procs")));
            Assert.Contains("30000", File.Exists(Path.Combine(group, "cpu.max")) ? await File.ReadAllTextAsync(Path.Combine(group, "cpu.max")) : await File.ReadAllTextAsync(Path.Combine(group, "cpu.cfs_quota_us")), StringComparison.Ordinal);
            await browser.ByeAsync();
            Assert.True(await Eventually.IsTrueAsync(() => File.ReadAllLines(Path.Combine(group, "cgroup.procs")).Length == 0, Patience));
        }
        Assert.Empty(Directory.EnumerateDirectories(_group!));
    }

    [Fact]
    public async Task Process_that_runs_wild_on_all_cores_gets_no_more_than_its_share()
    {
        Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await DesktopGateway.StartAsync(redeemer, Settings);
        var group = gateway.Groups.New()!;
        var from = Stopwatch.GetTimestamp();
        double used;
        await using (var wild = OwnProcess.Start("/bin/sh", ["-c", $"echo 0 > {group}/cgroup.procs; p=; for i in 1 2 3; do (while :; do :; done) & p=\"$p $!\"; done; sleep 3; kill $p; wait; times"]))
        {
            await wild.ExitedAsync(TimeSpan.FromMinutes(3));
            used = ChildrensSeconds(wild.Output);
        }
        var elapsed = Stopwatch.GetElapsedTime(from).TotalSeconds;
        // Some periods' worth may be spent at once, on every core.
        Assert.InRange(used, 0.001, (elapsed * Limit) + 0.3);
        TestContext.Current.SendDiagnosticMessage($"{used:0.00} of {elapsed:0.00} s");
    }

    [Fact]
    public async Task Gateway_that_may_make_no_groups_says_so_and_serves_all_the_same()
    {
        await using var machine = new FakeMachine();
        var redeemer = new FakeRedeemer();
        await using var gateway = await DesktopGateway.StartAsync(redeemer, ("Gateway:Html5:WorkerGroup", "/proc/self"));
        await using var browser = gateway.Browser();
        await browser.ConnectAsync(gateway.Socket, redeemer.NewTicket(machine.Address, machine.CertificateSha256));
        await machine.TalkAsync(FrontEndStep.Active);
        Assert.True(await browser.UntilAsync(b => b.Welcome is not null, Patience));
        Assert.Contains(gateway.Log.Lines, l => l.Text.Contains("no limit of processor time", StringComparison.Ordinal));
        await browser.ByeAsync();
    }

    private (string, string)[] Settings => [("Gateway:Html5:WorkerGroup", _group!), ("Gateway:Html5:WorkerCpuPercent", "30")];

    private void Require() => Assert.SkipWhen(_group is null, "No control group with a cpu controller can be made here; it needs root and /sys/fs/cgroup.");

    /// <summary>What the shell's times says of its children: the last line, user and system as 0m1.25s.</summary>
    private static double ChildrensSeconds(string output) => output.Trim().Split('\n')[^1].Split(' ', StringSplitOptions.RemoveEmptyEntries).Sum(
        t => (double.Parse(t.Split('m')[0], CultureInfo.InvariantCulture) * 60) + double.Parse(t.Split('m')[1].TrimEnd('s'), CultureInfo.InvariantCulture));

    private static string? MakeGroup()
    {
        foreach (var parent in new[] { "/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup" })
        {
            var isV2 = File.Exists(Path.Combine(parent, "cgroup.controllers"));
            if (!File.Exists(Path.Combine(parent, "cpu.shares")) && !(isV2 && File.ReadAllText(Path.Combine(parent, "cgroup.subtree_control")).Split().Contains("cpu"))) continue;
            try { return Directory.CreateDirectory(Path.Combine(parent, $"montalegre-test-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}")).FullName; }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException) { /* the next one may do */ }
        }
        return null;
    }
}
