using System.Collections.Concurrent;
using System.Diagnostics;

namespace Montalegre.Vdi.Benchmarks.Processes;

/// <summary>Starts programs that need many sockets and that end with us, whatever happens to us.</summary>
internal static class Child
{
    // Two sockets for each of 5,000 agents or relays, and room for the rest.
    private const int OpenFiles = 16_384;

    private static readonly BlockingCollection<Action> Work = [];

    // The parent-death signal follows the thread that made the child, so every child is made by one that never ends.
    static Child() => new Thread(Loop) { IsBackground = true, Name = "spawner" }.Start();

    /// <summary>Starts a program with piped input and output. The answer's id is the program's own: the wrappers replace themselves by it.</summary>
    public static Process Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo("/usr/bin/prlimit",
            [$"--nofile={OpenFiles}:{OpenFiles}", "/usr/bin/setpriv", "--pdeathsig=KILL", "--", program, .. arguments])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/",
        };
        foreach (var (key, value) in environment ?? new Dictionary<string, string>()) start.Environment[key] = value;
        var started = new TaskCompletionSource<Process>();
        Work.Add(() =>
        {
            try { started.SetResult(Process.Start(start)!); }
            catch (Exception e) { started.SetException(e); }
        });
        return started.Task.GetAwaiter().GetResult();
    }

    private static void Loop()
    {
        foreach (var action in Work.GetConsumingEnumerable()) action();
    }
}
