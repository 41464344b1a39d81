using System.Diagnostics;
using System.Xml.Linq;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Rig.Commands;

/// <summary>Builds and runs test projects and ends with <c>N passed, N failed</c>.</summary>
internal static class TestCommand
{
    // Quick ones first: a broken rule shows before a virtual machine boots.
    private static readonly string[] Unit = ["Domain.Tests", "Protocol.Tests", "Architecture.Tests"];
    private static readonly string[] Real = [Aside, "RdpWorker.Tests", "Agent.Tests", "Broker.Tests", "Gateway.Tests", Alone];

    // One project after the other keeps one core of two busy. The console's runs beside the others: its ports are the kernel's, theirs
    // are not, and it shares nothing else. Virtual machines want both cores.
    private const string Aside = "AdminUi.Tests", Alone = "EndToEnd.Tests";

    // More than these are no matter of chance.
    private const int MostAlone = 4;

    private static readonly string[] NeedWorker = ["RdpWorker.Tests", "Gateway.Tests", "EndToEnd.Tests"];

    public static async Task<int> RunAsync(string[] names, bool onlyUnit, CancellationToken ct)
    {
        var progress = new Progress(Console.Out);
        var wanted = names.Length > 0 ? names : onlyUnit ? Unit : [.. Unit, .. Real];
        foreach (var name in wanted)
            if (!Directory.Exists(Checkout.Path($"tests/{name}"))) throw new SetUpException($"There is no test project {name}; use one of: {string.Join(", ", [.. Unit, .. Real])}.");
        await Packages.EnsureAsync(onlyUnit ? PackagePurpose.Build : PackagePurpose.Tests, progress, ct);
        await Builds.ProjectsAsync([.. wanted.Select(n => $"tests/{n}"), .. wanted.Contains(Alone) ? Builds.Demonstration : []], progress, ct);
        if (wanted.Any(NeedWorker.Contains)) await Builds.WorkerAsync(progress, ct);
        var total = new Tally();
        Task<Tally>? aside = null;
        foreach (var name in wanted)
        {
            if (name == Alone && aside is not null) (total, aside) = (total + await aside, null);
            if (name == Aside && wanted.Length > 1) aside = RunOneAsync(name, ct, quiet: true);
            else total += await RunOneAsync(name, ct);
        }
        if (aside is not null) total += await aside;
        if (total.Errors.Count == 0 && total.Fallen.Count is > 0 and <= MostAlone && !total.Fallen.Any(t => Unit.Contains(t.Project))) total = await AloneAsync(total, ct);
        Console.WriteLine();
        foreach (var line in total.Skips) Console.WriteLine($"skipped: {line}");
        foreach (var test in total.Unsteady) Console.WriteLine($"unsteady, failed before it passed alone: {test.Name}: {test.Message}");
        foreach (var test in total.Fallen) Console.WriteLine($"failed: {test.Name}: {test.Message}");
        foreach (var line in total.Errors) Console.WriteLine($"failed: {line}");
        Console.WriteLine($"{total.Passed.Count} passed, {total.Failed} failed{(total.Skips.Count > 0 ? $", {total.Skips.Count} skipped" : "")}");
        return total.Failed == 0 && total.Passed.Count > 0 ? 0 : 1;
    }

    // A second time, with nothing beside it: two cores are shared with browsers and virtual machines (ADR 66).
    private static async Task<Tally> AloneAsync(Tally first, CancellationToken ct)
    {
        var again = new Tally();
        foreach (var project in first.Fallen.GroupBy(t => t.Project)) again += await RunOneAsync(project.Key, ct, alone: [.. project.Select(t => t.Method).Distinct()]);
        // Rows of a long name may share it; one of them that fails stands for all.
        var twice = again.Fallen.Select(t => t.Name).ToHashSet();
        var unsteady = first.Fallen.Where(t => again.Passed.Contains(t.Name) && !twice.Contains(t.Name)).ToList();
        var others = again.Fallen.ExceptBy(first.Fallen.Select(t => t.Name), t => t.Name);
        return first with { Passed = [.. first.Passed, .. unsteady.Select(t => t.Name)], Unsteady = unsteady, Fallen = [.. first.Fallen.Except(unsteady), .. others], Errors = again.Errors };
    }

    // What a quiet one says is told when it is over, so that no line stands between two of another.
    private static async Task<Tally> RunOneAsync(string name, CancellationToken ct, bool quiet = false, IReadOnlyList<string>? alone = null)
    {
        var results = Checkout.Path($"artifacts/tests/{name}{(alone is null ? "" : ".alone")}.xml");
        Directory.CreateDirectory(Path.GetDirectoryName(results)!);
        File.Delete(results);
        var from = Stopwatch.GetTimestamp();
        string[] arguments = [Builds.Program($"tests/{name}"), "-noColor", "-noLogo", "-xml", results, .. (alone ?? []).SelectMany(method => new[] { "-method", method })];
        using var process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = quiet })!;
        try
        {
            var said = quiet ? await process.StandardOutput.ReadToEndAsync(ct) : "";
            await process.WaitForExitAsync(ct);
            Console.Write(said);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        // A runner that dies before it writes results has failed, whatever it counted.
        if (!File.Exists(results)) return new() { Errors = [$"{name} ended with {process.ExitCode} and wrote no results"] };
        var tally = Tally.Read(name, XDocument.Load(results));
        Console.WriteLine($"{name}{(alone is null ? "" : ", alone")}: {tally.Passed.Count} passed, {tally.Failed} failed, {tally.Skips.Count} skipped in {Stopwatch.GetElapsedTime(from).TotalSeconds:0} s");
        return tally.Failed == 0 && process.ExitCode != 0 ? tally with { Errors = [$"{name} ended with {process.ExitCode}"] } : tally;
    }

    private sealed record FallenTest(string Project, string Method, string Name, string? Message);

    private sealed record Tally
    {
        public IReadOnlyList<string> Passed { get; init; } = [];
        public IReadOnlyList<string> Skips { get; init; } = [];
        public IReadOnlyList<FallenTest> Fallen { get; init; } = [];

        /// <summary>Outside a test: in a fixture's clean-up, or the program itself.</summary>
        public IReadOnlyList<string> Errors { get; init; } = [];

        /// <summary>Failed beside others and passed alone.</summary>
        public IReadOnlyList<FallenTest> Unsteady { get; init; } = [];

        public int Failed => Fallen.Count + Errors.Count;

        public static Tally operator +(Tally a, Tally b) => new()
        {
            Passed = [.. a.Passed, .. b.Passed], Skips = [.. a.Skips, .. b.Skips], Fallen = [.. a.Fallen, .. b.Fallen], Errors = [.. a.Errors, .. b.Errors], Unsteady = [.. a.Unsteady, .. b.Unsteady],
        };

        public static Tally Read(string project, XDocument results)
        {
            var tests = results.Descendants("test").ToLookup(t => (string?)t.Attribute("result"));
            return new()
            {
                Passed = [.. tests["Pass"].Select(NameOf)],
                Skips = [.. tests["Skip"].Select(t => $"{NameOf(t)}: {t.Element("reason")?.Value.Trim()}")],
                Fallen = [.. tests["Fail"].Select(t => new FallenTest(project, $"{(string?)t.Attribute("type")}.{(string?)t.Attribute("method")}", NameOf(t), t.Descendants("message").FirstOrDefault()?.Value.Trim()))],
                Errors = [.. results.Descendants("error").Select(e => $"{project}: {(string?)e.Attribute("name") ?? "error"}: {e.Descendants("message").FirstOrDefault()?.Value}")],
            };
        }

        private static string NameOf(XElement test) => (string?)test.Attribute("name") ?? "";
    }
}
