using System.Diagnostics;
using System.Threading.Channels;

namespace Montalegre.Vdi.Benchmarks.Processes;

/// <summary>This program again, in a role of its own: one line is an order, one marked line its answer, end of input means stop.</summary>
internal sealed class Worker : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _role;
    private readonly Process _process;
    private readonly Channel<string> _answers = Channel.CreateUnbounded<string>();
    private readonly List<string> _lastLines = [];
    private readonly Task _reading;

    private Worker(string role, Process process)
    {
        _role = role;
        _process = process;
        _reading = ReadAllAsync();
    }

    public int ProcessId => _process.Id;

    /// <summary>What the worker said when it was ready, for example its port.</summary>
    public string Ready { get; private set; } = "";

    public static async Task<Worker> StartAsync(string role, string[] arguments, CancellationToken ct, IReadOnlyDictionary<string, string>? environment = null)
    {
        var worker = new Worker(role, Child.Start("dotnet", [typeof(Worker).Assembly.Location, "worker", role, .. arguments], environment));
        try
        {
            worker.Ready = await worker.AnswerAsync(TimeSpan.FromSeconds(90), ct);
            return worker;
        }
        catch
        {
            await worker.DisposeAsync();
            throw;
        }
    }

    /// <summary>Gives an order and waits for its answer.</summary>
    public async Task<string> AskAsync(string order, TimeSpan patience, CancellationToken ct)
    {
        await _process.StandardInput.WriteLineAsync(order.AsMemory(), ct);
        await _process.StandardInput.FlushAsync(ct);
        return await AnswerAsync(patience, ct);
    }

    public async ValueTask DisposeAsync()
    {
        try { _process.StandardInput.Close(); }
        catch (IOException)
        {
            // It has ended already; there is nobody to tell.
        }
        using var limit = new CancellationTokenSource(Patience);
        await _process.WaitForExitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_process.HasExited) _process.Kill();
        await _reading;
        _process.Dispose();
    }

    private async Task<string> AnswerAsync(TimeSpan patience, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(patience);
        try
        {
            return await _answers.Reader.ReadAsync(limit.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or ChannelClosedException && !ct.IsCancellationRequested)
        {
            lock (_lastLines) throw new InvalidOperationException($"The {_role} process {(e is ChannelClosedException ? "ended" : $"gave no answer within {patience.TotalSeconds:0} s")}. It said:\n{string.Join('\n', _lastLines)}");
        }
    }

    private async Task ReadAllAsync()
    {
        await Task.WhenAll(ReadAsync(_process.StandardOutput), ReadAsync(_process.StandardError));
        _answers.Writer.Complete();
    }

    private async Task ReadAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.StartsWith(WorkerConsole.Mark)) _answers.Writer.TryWrite(line[1..]);
            else lock (_lastLines)
            {
                _lastLines.Add(line);
                if (_lastLines.Count > 20) _lastLines.RemoveAt(0);
            }
        }
    }
}
