using System.Diagnostics;
using System.Globalization;
using Montalegre.Vdi.Native.Posix;

namespace Montalegre.Vdi.Broker.Storage;

/// <summary>One running postmaster, started by us or adopted from a broker that was killed.</summary>
internal sealed class PostgresServer : IDisposable
{
    private const int LinesKept = 40;
    private static readonly TimeSpan BeforeQuit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(25);
    private readonly Process _process;
    private readonly bool _isChild;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Queue<string> _said = [];

    private PostgresServer(Process process, bool isChild)
    {
        _process = process;
        _isChild = isChild;
        if (!isChild) return;
        process.Exited += (_, _) => _ended.TrySetResult();
        process.EnableRaisingEvents = true;
    }

    public int ProcessId => _process.Id;

    public bool IsRunning => Processes.IsRunning(_process.Id);

    /// <summary>Starts a server of its own session, so that Ctrl-C at our terminal reaches us and not it.</summary>
    public static async Task<PostgresServer> StartAsync(SpawningThread thread, PostgresPrograms programs, string data, params string[] settings)
    {
        var start = new ProcessStartInfo("/usr/bin/setpriv", ["--pdeathsig", "INT", "--no-new-privs", "--", "/usr/bin/setsid", programs.Server, "-D", data, .. settings])
        {
            RedirectStandardError = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = data,
        };
        var server = new PostgresServer(await thread.StartAsync(start), isChild: true);
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
            return new PostgresServer(Process.GetProcessById(processId), isChild: false);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    /// <summary>
    /// Completes the moment it has ended and been collected, by the kernel's word for our own child. Not when its output ends:
    /// its backends hold the same pipe, and may be busy for seconds.
    /// </summary>
    public async Task WaitForEndAsync(TimeProvider time, CancellationToken ct)
    {
        if (_isChild) await _ended.Task.WaitAsync(ct);
        else while (IsRunning) await Task.Delay(Poll, time, ct);   // an adopted one is no child: nobody tells us
    }

    /// <summary>Gives its last words a moment to arrive.</summary>
    public async Task HearOutAsync(TimeSpan patience, TimeProvider time, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await Task.WhenAny(_process.WaitForExitAsync(limit.Token), Task.Delay(patience, time, ct));
        await limit.CancelAsync();
    }

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
