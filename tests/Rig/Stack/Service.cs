using System.Collections.Concurrent;
using System.Diagnostics;
using Montalegre.Vdi.Rig.Postgres;

namespace Montalegre.Vdi.Rig.Stack;

/// <summary>One process of ours: started as the service account, its output in a log file, stopped by SIGTERM.</summary>
public sealed class Service : IAsyncDisposable
{
    private static readonly Spawner Starter = new();
    private readonly Process _process;
    private readonly Task _logging;

    private Service(string name, Process process, Task logging, string log) => (Name, _process, _logging, LogFile) = (name, process, logging, log);

    /// <summary>Short name, also of the log file.</summary>
    public string Name { get; }

    /// <summary>Everything it printed.</summary>
    public string LogFile { get; }

    /// <summary>Its process id.</summary>
    public int ProcessId => _process.Id;

    /// <summary>True when it is no longer there.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Completes when it ends, with its exit code.</summary>
    public async Task<int> ExitedAsync(CancellationToken ct)
    {
        await _process.WaitForExitAsync(ct);
        return _process.ExitCode;
    }

    /// <summary>Starts a program as the account.</summary>
    public static async Task<Service> StartAsync(
        ServiceAccount account, string name, string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, CancellationToken ct)
    {
        var log = Path.Combine(await account.DirectoryAsync("logs", ct), name + ".log");
        var (first, rest) = account.CommandLine(program, arguments);
        var start = new ProcessStartInfo(first, rest) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = "/" };
        foreach (var (key, value) in account.EnvironmentVariables().Concat(environment)) start.Environment[key] = value;
        var process = Starter.Start(start);
        process.StandardInput.Close();
        return new(name, process, LogAsync(process, log), log);
    }

    /// <summary>SIGTERM, then a wait of <paramref name="patience"/>; a process that is still there is killed and named.</summary>
    public async Task<bool> StopAsync(TimeSpan patience)
    {
        if (!_process.HasExited)
        {
            await SignalAsync("TERM");
            using var limit = new CancellationTokenSource(patience);
            await _process.WaitForExitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        var clean = _process.HasExited;
        if (!clean)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }
        await _logging;
        return clean;
    }

    /// <summary>Sends a signal by name; tests kill with it.</summary>
    public Task SignalAsync(string signal) => Run.SignalAsync(_process, signal);

    /// <summary>The last lines it printed, for an error message.</summary>
    public string LastLines(int count) => File.Exists(LogFile) ? string.Join('\n', File.ReadLines(LogFile).TakeLast(count)) : "";

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.FromMinutes(2));
        _process.Dispose();
    }

    private static async Task LogAsync(Process process, string path)
    {
        await using var file = new StreamWriter(path, append: true) { AutoFlush = true };
        var gate = new SemaphoreSlim(1);
        async Task Copy(StreamReader from)
        {
            while (await from.ReadLineAsync() is { } line)
            {
                await gate.WaitAsync();
                try { await file.WriteLineAsync(line); }
                finally { gate.Release(); }
            }
        }
        await Task.WhenAll(Copy(process.StandardOutput), Copy(process.StandardError));
    }

    // The parent-death signal follows the thread that made the child, so every child is made by one that never ends.
    private sealed class Spawner
    {
        private readonly BlockingCollection<Action> _work = [];

        public Spawner() => new Thread(Loop) { IsBackground = true, Name = "spawner" }.Start();

        public Process Start(ProcessStartInfo info)
        {
            var done = new TaskCompletionSource<Process>();
            _work.Add(() =>
            {
                try { done.SetResult(Process.Start(info)!); }
                catch (Exception e) { done.SetException(e); }
            });
            return done.Task.GetAwaiter().GetResult();
        }

        private void Loop()
        {
            foreach (var action in _work.GetConsumingEnumerable()) action();
        }
    }
}
