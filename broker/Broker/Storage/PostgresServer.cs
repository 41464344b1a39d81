using System.Diagnostics;
using System.Globalization;
using Montalegre.Vdi.Native.Posix;

namespace Montalegre.Vdi.Broker.Storage;

/// <summary>One running postmaster, started by us or adopted from a broker that was killed.</summary>
internal sealed class PostgresServer : IDisposable
{
    private const int LinesKept = 40;
    private static readonly TimeSpan BeforeQuit = TimeSpan.FromSeconds(30);
    private readonly Process _process;
    private readonly Queue<string> _said = [];

    private PostgresServer(Process process) => _process = process;

    public int ProcessId => _process.Id;

    public bool IsRunning => Processes.IsRunning(_process.Id);

    /// <summary>Starts a server of its own session, so that Ctrl-C at our terminal reaches us and not it.</summary>
    public static async Task<PostgresServer> StartAsync(SpawningThread thread, PostgresPrograms programs, string data)
    {
        var start = new ProcessStartInfo("/usr/bin/setpriv", ["--pdeathsig", "INT", "--no-new-privs", "--", "/usr/bin/setsid", programs.Server, "-D", data])
        {
            RedirectStandardError = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = data,
        };
        var server = new PostgresServer(await thread.StartAsync(start));
        server._process.ErrorDataReceived += (_, line) => server.Remember(line.Data);
        server._process.OutputDataReceived += (_, line) => server.Remember(line.Data);
        server._process.BeginErrorReadLine();
        server._process.BeginOutputReadLine();
        return server;
    }

    /// <summary>Takes over a server that runs already; null when it ended meanwhile.</summary>
    public static PostgresServer? Adopt(int processId)
    {
        try
        {
            return new PostgresServer(Process.GetProcessById(processId));
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Waits until it has ended and been collected.</summary>
    public Task WaitForEndAsync(CancellationToken ct) => _process.WaitForExitAsync(ct);

    /// <summary>Fast shutdown, then immediate shutdown. Never a kill: that leaves recovery and shared memory behind.</summary>
    public async Task StopAsync(TimeProvider time)
    {
        Processes.Send(ProcessId, Signal.Interrupt);
        using var patience = new CancellationTokenSource(BeforeQuit, time);
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            Processes.Send(ProcessId, Signal.Quit);
            await _process.WaitForExitAsync(CancellationToken.None);
        }
    }

    /// <summary>Why it ended, for a person: what it said last and what to do.</summary>
    public string Reason(string data)
    {
        string? last;
        lock (_said) last = _said.LastOrDefault(l => l.StartsWith("PANIC:", StringComparison.Ordinal) || l.StartsWith("FATAL:", StringComparison.Ordinal)) ?? _said.LastOrDefault();
        var words = last?.Trim() ?? (_process.HasExited ? "it ended without a word" : "it does not answer");
        return words switch
        {
            _ when words.Contains("No space left on device", StringComparison.Ordinal) => $"the volume of {data} is full; free some space ({words})",
            _ when words.Contains("initialized by PostgreSQL", StringComparison.Ordinal) => $"the data in {data} belongs to another PostgreSQL version ({words})",
            _ when words.Contains("ermission", StringComparison.Ordinal) || words.Contains("ownership", StringComparison.Ordinal) => $"the permissions of {data} are wrong; they must be 0700 and the owner must be {Environment.UserName} ({words})",
            _ => words.ToString(CultureInfo.InvariantCulture),
        };
    }

    public void Dispose() => _process.Dispose();

    private void Remember(string? line)
    {
        if (line is null) return;
        lock (_said)
        {
            _said.Enqueue(line);
            if (_said.Count > LinesKept) _said.Dequeue();
        }
    }
}
