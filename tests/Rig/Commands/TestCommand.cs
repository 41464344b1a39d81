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

    private static readonly string[] NeedWorker = ["RdpWorker.Tests", "Gateway.Tests", "EndToEnd.Tests"];

    public static async Task<int> RunAsync(string[] names, bool onlyUnit, CancellationToken ct)
    {
        var progress = new Progress(Console.Out);
        var wanted = names.Length > 0 ? names : onlyUnit ? Unit : [.. Unit, .. Real];
        foreach (var name in wanted)
            if (!Directory.Exists(Checkout.Path($"tests/{name}"))) throw new SetUpException($"There is no test project {name}; use one of: {string.Join(", ", [.. Unit, .. Real])}.");
        await Packages.EnsureAsync(onlyUnit ? PackagePurpose.Build : PackagePurpose.Tests, progress, ct);
        await Builds.ProjectsAsync([.. wanted.Select(n => $"tests/{n}"), .. wanted.Contains("EndToEnd.Tests") ? Builds.Services : []], progress, ct);
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
        Console.WriteLine();
        foreach (var line in total.Skips) Console.WriteLine($"skipped: {line}");
        foreach (var line in total.Failures) Console.WriteLine($"failed: {line}");
        Console.WriteLine($"{total.Passed} passed, {total.Failed} failed{(total.Skips.Count > 0 ? $", {total.Skips.Count} skipped" : "")}");
        return total.Failed == 0 && total.Passed > 0 ? 0 : 1;
    }

    // What a quiet one says is told when it is over, so that no line stands between two of another.
    private static async Task<Tally> RunOneAsync(string name, CancellationToken ct, bool quiet = false)
    {
        var results = Checkout.Path($"artifacts/tests/{name}.xml");
        Directory.CreateDirectory(Path.GetDirectoryName(results)!);
        File.Delete(results);
        var from = Stopwatch.GetTimestamp();
        using var process = Process.Start(new ProcessStartInfo("dotnet", [Builds.Program($"tests/{name}"), "-noColor", "-noLogo", "-xml", results]) { RedirectStandardOutput = quiet })!;
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
        if (!File.Exists(results)) return new() { Failed = 1, Failures = [$"{name} ended with {process.ExitCode} and wrote no results"] };
        var tally = Tally.Read(name, XDocument.Load(results));
        Console.WriteLine($"{name}: {tally.Passed} passed, {tally.Failed} failed, {tally.Skips.Count} skipped in {Stopwatch.GetElapsedTime(from).TotalSeconds:0} s");
        return tally.Failed == 0 && process.ExitCode != 0 ? tally + new Tally { Failed = 1, Failures = [$"{name} ended with {process.ExitCode}"] } : tally;
    }

    private sealed record Tally
    {
        public int Passed { get; init; }
        public int Failed { get; init; }
        public IReadOnlyList<string> Skips { get; init; } = [];
        public IReadOnlyList<string> Failures { get; init; } = [];

        public static Tally operator +(Tally a, Tally b) => new()
        {
            Passed = a.Passed + b.Passed, Failed = a.Failed + b.Failed, Skips = [.. a.Skips, .. b.Skips], Failures = [.. a.Failures, .. b.Failures],
        };

        public static Tally Read(string project, XDocument results)
        {
            var tests = results.Descendants("test").ToList();
            // Errors outside a test, in a fixture's clean-up for example, fail the run too.
            var errors = results.Descendants("error").Select(e => $"{project}: {(string?)e.Attribute("name") ?? "error"}: {e.Descendants("message").FirstOrDefault()?.Value}").ToList();
            return new()
            {
                Passed = tests.Count(t => (string?)t.Attribute("result") == "Pass"),
                Failed = tests.Count(t => (string?)t.Attribute("result") == "Fail") + errors.Count,
                Skips = [.. tests.Where(t => (string?)t.Attribute("result") == "Skip").Select(t => $"{(string?)t.Attribute("name")}: {t.Element("reason")?.Value.Trim()}")],
                Failures = [.. tests.Where(t => (string?)t.Attribute("result") == "Fail").Select(t => $"{(string?)t.Attribute("name")}: {t.Descendants("message").FirstOrDefault()?.Value.Trim()}"), .. errors],
            };
        }
    }
}
