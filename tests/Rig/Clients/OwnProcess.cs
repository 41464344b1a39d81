using System.Diagnostics;
using System.Text;

namespace Montalegre.Vdi.Rig.Clients;

/// <summary>A real program started by a test and ended with it, by its own id.</summary>
public sealed class OwnProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private bool _disposed;

    private OwnProcess(ProcessStartInfo start)
    {
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += Collect;
        _process.ErrorDataReceived += Collect;
        _process.Start();
        _process.StandardInput.Close();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Everything it printed so far.</summary>
    public string Output { get { lock (_output) return _output.ToString(); } }

    /// <summary>True when it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>How it ended.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Starts a program.</summary>
    public static OwnProcess Start(string program, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return new OwnProcess(start);
    }

    /// <summary>Runs a program to its end; a failure is an exception with what it said.</summary>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        await using var process = Start(program, arguments);
        await process.ExitedAsync(TimeSpan.FromMinutes(2));
        return process.ExitCode == 0 ? process.Output : throw new InvalidOperationException($"{program} failed with {process.ExitCode}: {process.Output}");
    }

    /// <summary>Waits for its end.</summary>
    public async Task ExitedAsync(TimeSpan patience) => await _process.WaitForExitAsync().WaitAsync(patience);

    /// <summary>Asks it to end, so that it takes its locks and sockets along; one that does not is killed.</summary>
    public async ValueTask EndAsync()
    {
        if (!_disposed && !_process.HasExited)
        {
            await Postgres.Run.SignalAsync(_process, "TERM");
            await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await DisposeAsync();
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private void Collect(object sender, DataReceivedEventArgs e)
    {
        lock (_output) _output.AppendLine(e.Data);
    }
}
