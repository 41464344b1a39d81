using Montalegre.Vdi.Agent.Hosting;
using Montalegre.Vdi.Agent.Sessions;

namespace Montalegre.Vdi.Agent.Tests;

/// <summary>The agent itself over a fake guest, with short waits, stopped at the end.</summary>
internal sealed class RunningAgent : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;
    private readonly bool _ownsDirectory;

    public RunningAgent(FakeGuest guest, string? stateDirectory = null)
    {
        _ownsDirectory = stateDirectory is null;
        StateDirectory = stateDirectory ?? Directory.CreateTempSubdirectory("agent-test").FullName;
        var options = new AgentOptions
        {
            StateDirectory = StateDirectory,
            BackOffLeast = TimeSpan.FromMilliseconds(50),
            BackOffMost = TimeSpan.FromMilliseconds(400),
        };
        Board = new SessionBoard(Outbox, TimeProvider.System, new StderrLogger());
        _running = RunAgent.RunAsync(guest, Outbox, Board, options, TimeProvider.System, new StderrLogger(), _stop.Token);
    }

    public string StateDirectory { get; }

    public Outbox Outbox { get; } = new();

    public SessionBoard Board { get; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
        if (_ownsDirectory) Directory.Delete(StateDirectory, recursive: true);
    }
}
