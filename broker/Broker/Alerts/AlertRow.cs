namespace Montalegre.Vdi.Broker.Alerts;

/// <summary>One row of alert, and until when nobody is told of it.</summary>
internal sealed record AlertRow
{
    public Guid AlertId { get; init; }
    public string Rule { get; init; } = "";
    public string ObjectKind { get; init; } = "";
    public string ObjectKey { get; init; } = "";
    public string ObjectName { get; init; } = "";
    public Guid? PoolId { get; init; }
    public string State { get; init; } = "";
    public string Severity { get; init; } = "";
    public double Value { get; init; }
    public double? Threshold { get; init; }
    public string Detail { get; init; } = "";
    public DateTimeOffset BeganAt { get; init; }
    public DateTimeOffset OpenedAt { get; init; }
    public DateTimeOffset? ResolvedAt { get; init; }
    public DateTimeOffset? AcknowledgedAt { get; init; }
    public string? AcknowledgedBy { get; init; }
    public DateTimeOffset? SilencedUntil { get; init; }
}
