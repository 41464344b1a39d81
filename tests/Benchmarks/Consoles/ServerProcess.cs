using System.Diagnostics;
using Montalegre.Vdi.Benchmarks.Processes;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Benchmarks.Consoles;

/// <summary>One of our own programs, as it is installed.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const int KeptLines = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly Queue<string> _lastLines = new();

    private ServerProcess(Process process) => _process = process;

    public int ProcessId => _process.Id;

    /// <summary>Starts it and waits until it answers.</summary>
    /// <param name="project">Its folder in the checkout.</param>
    /// <param name="settings">As Section:Key.</param>
    /// <param name="address">Where it answers.</param>
    /// <param name="authorityFile">PEM file of who signed its certificate.</param>
    /// <param name="ct">Ends the wait.</param>
    public static async Task<ServerProcess> StartAsync(string project, IReadOnlyDictionary<string, string> settings, string address, string authorityFile, CancellationToken ct)
    {
        var server = new ServerProcess(Child.Start("dotnet", [Builds.Program(project), .. settings.Select(s => $"--{s.Key}={s.Value}")]));
        server._process.OutputDataReceived += server.Keep;
        server._process.ErrorDataReceived += server.Keep;
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        try
        {
            await server.UntilAnswersAsync(project, address, authorityFile, ct);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task UntilAnswersAsync(string project, string address, string authorityFile, CancellationToken ct)
    {
        using var http = new HttpClient(StackTrust.Handler(authorityFile));
        for (var from = Stopwatch.GetTimestamp(); ; await Task.Delay(100, ct))
        {
            if (_process.HasExited || Stopwatch.GetElapsedTime(from) > Patience) throw new InvalidOperationException($"{project} {(_process.HasExited ? "ended at start" : $"did not answer within {Patience}")}. It said:\n{Said()}");
            try
            {
                using var answer = await http.GetAsync(address, ct);
                return;
            }
            catch (HttpRequestException) when (Stopwatch.GetElapsedTime(from) < Patience)
            {
                // Not listening yet; the deadline bounds this.
            }
        }
    }

    private string Said()
    {
        lock (_lastLines) return string.Join('\n', _lastLines);
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is not { } text) return;
        lock (_lastLines)
        {
            _lastLines.Enqueue(text);
            if (_lastLines.Count > KeptLines) _lastLines.Dequeue();
        }
    }
}
