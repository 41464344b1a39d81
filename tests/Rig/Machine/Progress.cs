using System.Diagnostics;
using System.Globalization;

namespace Montalegre.Vdi.Rig;

/// <summary>Tells the person at the keyboard what is going on and how long it took.</summary>
public sealed class Progress(TextWriter output)
{
    private readonly Lock _lock = new();

    /// <summary>One line.</summary>
    public void Say(string line)
    {
        lock (_lock) output.WriteLine(line);
    }

    /// <summary>A step that takes time: its name now, its time at the end.</summary>
    public StepInProgress Step(string name) => new(this, name);

    /// <summary>Ends with its time; a step that is left by an exception does not claim to be done.</summary>
    public sealed class StepInProgress : IAsyncDisposable
    {
        private readonly Progress _progress;
        private readonly string _name;
        private readonly long _from = Stopwatch.GetTimestamp();
        private readonly Timer? _alive;
        private string? _detail;

        internal StepInProgress(Progress progress, string name)
        {
            (_progress, _name) = (progress, name);
            progress.Say($"{name} ...");
            // Long work shows that it is alive: a line every 15 seconds with what it last said.
            _alive = new Timer(_ => progress.Say($"  {Elapsed,6} s  {_detail ?? "still at it"}"), null, TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(15));
        }

        private string Elapsed => Stopwatch.GetElapsedTime(_from).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);

        /// <summary>What the step is doing now; shown when it takes long.</summary>
        public void Detail(string text) => _detail = text;

        /// <inheritdoc />
        public async ValueTask DisposeAsync()
        {
            if (_alive is not null) await _alive.DisposeAsync();
            _progress.Say($"  {Elapsed,6} s  {_name}");
        }
    }
}
