using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Montalegre.Vdi.Rig.Postgres;

namespace Montalegre.Vdi.Rig.Stack;

/// <summary>Compiles what the stack runs; what was built from the same sources is not built again.</summary>
public static class Builds
{
    /// <summary>Configuration everything runs in.</summary>
    public const string Configuration = "Release";

    /// <summary>
    /// What runs as the service account. It is published, because a merely built web program reads its pages' files from
    /// the builder's own package folder, which the account may not.
    /// </summary>
    public static IReadOnlyList<string> Services { get; } = ["broker/Broker", "broker/Gateway", "admin-ui/AdminUi"];

    /// <summary>What the demonstration is: its services, and the command line to it.</summary>
    public static IReadOnlyList<string> Demonstration { get; } = [.. Services, "broker/Cli"];

    /// <summary>Program of a project, for example <c>broker/Broker</c>.</summary>
    public static string Program(string project)
    {
        var file = ProjectFile(project);
        var name = XDocument.Load(file).Descendants("AssemblyName").SingleOrDefault()?.Value ?? Path.GetFileNameWithoutExtension(file);
        return Checkout.Path(Services.Contains(project) ? $"artifacts/services/{name}/{name}.dll" : $"{project}/bin/{Configuration}/net10.0/{name}.dll");
    }

    /// <summary>Builds projects, unless their sources and outputs are as they were.</summary>
    public static async Task ProjectsAsync(IReadOnlyList<string> projects, Progress progress, CancellationToken ct)
    {
        var stamp = Checkout.Stamp("protocol", "broker", "agent", "admin-ui", "native", "tests");
        var file = Checkout.Path("artifacts/built");
        var done = File.Exists(file) ? await File.ReadAllLinesAsync(file, ct) : [];
        var due = projects.Where(p => !done.Contains($"{stamp} {p}") || (Directory.Exists(Checkout.Path(p)) && !File.Exists(Program(p)))).ToList();
        if (due.Count == 0) return;
        await using var step = progress.Step($"Compiling {due.Count} project{(due.Count == 1 ? "" : "s")}");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        // One build for all of them: what they share is looked at once, and what does not wait for another is compiled beside it.
        var filter = Checkout.Path("artifacts/due.slnf");
        var chosen = new JsonArray([.. due.Select(p => JsonValue.Create(Path.GetRelativePath(Checkout.Path("."), ProjectFile(p))))]);
        await File.WriteAllTextAsync(filter, new JsonObject { ["solution"] = new JsonObject { ["path"] = "../Montalegre.Vdi.sln", ["projects"] = chosen } }.ToJsonString(), ct);
        await DotnetAsync(["build", filter, "-c", Configuration, "-v", "minimal", "-nologo", "-clp:NoSummary"], ct, step.Detail);
        foreach (var service in due.Where(Services.Contains))
        {
            step.Detail(service);
            await DotnetAsync(["publish", Checkout.Path(service), "--no-build", "-o", Path.GetDirectoryName(Program(service))!, "-c", Configuration, "-v", "quiet", "-nologo"], ct);
        }
        await File.WriteAllLinesAsync(file, due.Select(p => $"{stamp} {p}").Concat(done.Where(l => l.StartsWith(stamp, StringComparison.Ordinal))), ct);
    }

    /// <summary>Compiles the agent ahead of time for Linux and answers the directory it is in.</summary>
    public static async Task<string> AgentAsync(Progress progress, CancellationToken ct)
    {
        var stamp = Checkout.Stamp("protocol/Contracts", "agent", "native/Native");
        var output = Checkout.Path($"artifacts/agent/{stamp}");
        if (File.Exists(Path.Combine(output, "done"))) return output;
        await using var step = progress.Step("Compiling the agent ahead of time");
        await DotnetAsync(["publish", Checkout.Path("agent/Agent"), "-c", Configuration, "-r", "linux-x64", "-p:AheadOfTime=true", "-o", output, "-v", "quiet", "-nologo"], ct);
        await File.WriteAllTextAsync(Path.Combine(output, "done"), stamp, ct);
        return output;
    }

    /// <summary>Folder of the worker that draws desktops for browsers: its program, its shim over libfreerdp and its launcher.</summary>
    public static string WorkerFolder { get; } = Checkout.Path("artifacts/services/Montalegre.Vdi.RdpWorker");

    /// <summary>Builds shim, launcher and worker; the worker ahead of time, because each browser has a process of its own.</summary>
    public static async Task WorkerAsync(Progress progress, CancellationToken ct)
    {
        var stamp = Checkout.Stamp("protocol/Protocol", "broker/RdpWorker", "native");
        var done = Path.Combine(WorkerFolder, "done");
        if (File.Exists(done) && await File.ReadAllTextAsync(done, ct) == stamp) return;
        await using var step = progress.Step("Compiling the browser desktop's worker ahead of time");
        var shim = Checkout.Path("artifacts/shim");
        await Run.ToEndAsync("/usr/bin/cmake", ["-S", Checkout.Path("native/shim"), "-B", shim, "-DCMAKE_BUILD_TYPE=Release"], ct: ct);
        await Run.ToEndAsync("/usr/bin/cmake", ["--build", shim], ct: ct);
        await DotnetAsync(["publish", Checkout.Path("broker/RdpWorker"), "-c", Configuration, "-r", "linux-x64", "-p:AheadOfTime=true", "-o", WorkerFolder, "-v", "quiet", "-nologo"], ct);
        foreach (var file in new[] { "libmontalegre_rdp.so", "montalegre-launch" })
        {
            // Replaced, not overwritten: a worker that runs keeps the file it was started from.
            File.Delete(Path.Combine(WorkerFolder, file));
            File.Copy(Path.Combine(shim, file), Path.Combine(WorkerFolder, file));
        }
        await File.WriteAllTextAsync(done, stamp, ct);
    }

    /// <summary>Builds the PAM module and answers its path.</summary>
    public static async Task<string> PamModuleAsync(Progress progress, CancellationToken ct)
    {
        var output = Checkout.Path("artifacts/pam");
        var module = Path.Combine(output, "pam_montalegre.so");
        var newest = Directory.GetFiles(Checkout.Path("native/pam"), "*", SearchOption.AllDirectories).Max(File.GetLastWriteTimeUtc);
        if (File.Exists(module) && File.GetLastWriteTimeUtc(module) >= newest) return module;
        await using var step = progress.Step("Building the PAM module");
        await Run.ToEndAsync("/usr/bin/cmake", ["-S", Checkout.Path("native/pam"), "-B", output, "-DCMAKE_BUILD_TYPE=Release"], ct: ct);
        await Run.ToEndAsync("/usr/bin/cmake", ["--build", output], ct: ct);
        File.SetLastWriteTimeUtc(module, DateTime.UtcNow);
        return module;
    }

    private static string ProjectFile(string project) => Directory.GetFiles(Checkout.Path(project), "*.csproj").Single();

    /// <param name="built">Told the name of each project when it is built; the command has to be as talkative as "minimal".</param>
    private static async Task DotnetAsync(string[] arguments, CancellationToken ct, Action<string>? built = null)
    {
        // One compiler for all projects, also where the machine's own settings say one for each: it is warm from the second on. It ends by itself when it has nothing to do.
        var start = new ProcessStartInfo("dotnet", [.. arguments, "-p:UseSharedCompilation=true"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = ReadAsync(process.StandardOutput, built, ct);
        var errors = process.StandardError.ReadToEndAsync(ct);
        await process.WaitForExitAsync(ct);
        if (process.ExitCode != 0) throw new SetUpException($"dotnet {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{await output}\n{await errors}");
    }

    private static async Task<string> ReadAsync(StreamReader from, Action<string>? built, CancellationToken ct)
    {
        var all = new StringBuilder();
        while (await from.ReadLineAsync(ct) is { } line)
        {
            all.AppendLine(line);
            if (line.Split(" -> ") is [var project, _]) built?.Invoke(project.Trim());
        }
        return all.ToString();
    }
}
