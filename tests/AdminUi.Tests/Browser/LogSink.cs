using System.Collections.Concurrent;
using Serilog.Core;
using Serilog.Events;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>Keeps what the console logs, for a test to read.</summary>
internal sealed class LogSink : ILogEventSink
{
    public ConcurrentQueue<LogEvent> Events { get; } = new();

    public IEnumerable<string> Problems => Events.Where(e => e.Level >= LogEventLevel.Error).Select(e => $"{e.RenderMessage(System.Globalization.CultureInfo.InvariantCulture)} {e.Exception}");

    public void Emit(LogEvent logEvent) => Events.Enqueue(logEvent);
}
