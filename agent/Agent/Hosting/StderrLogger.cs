using Microsoft.Extensions.Logging;

namespace Montalegre.Vdi.Agent.Hosting;

/// <summary>One line per message on standard error with the journal's priority prefix; systemd adds time and name.</summary>
internal sealed class StderrLogger : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel)) return;
        var priority = logLevel switch
        {
            LogLevel.Critical => 2,
            LogLevel.Error => 3,
            LogLevel.Warning => 4,
            _ => 6,
        };
        var text = $"<{priority}>{eventId.Id} {formatter(state, exception)}";
        for (var e = exception; e is not null; e = e.InnerException) text += $": {e.GetType().Name}: {e.Message}";
        Console.Error.WriteLine(text.ReplaceLineEndings(" "));
    }
}
