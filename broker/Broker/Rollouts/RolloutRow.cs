namespace Montalegre.Vdi.Broker.Rollouts;

/// <summary>A roll-out as pages show it, with counts; personal machines are in none but their own.</summary>
internal sealed record RolloutRow
{
    public Guid RolloutId { get; init; }
    public Guid PoolId { get; init; }
    public string PoolName { get; init; } = "";
    public Guid FromVersionId { get; init; }
    public string FromName { get; init; } = "";
    public Guid ToVersionId { get; init; }
    public string ToName { get; init; } = "";
    public string State { get; init; } = "";
    public DateTime StateSince { get; init; }
    public int Canaries { get; init; }
    public int WavePercent { get; init; }
    public int KeepReady { get; init; }
    public int SlowdownPercent { get; init; }
    public DateTime? ForceAt { get; init; }
    public int WarnMinutes { get; init; }
    public DateTime? WarnedAt { get; init; }
    public string AskedBy { get; init; } = "";
    public DateTime StartedAt { get; init; }
    public DateTime? EndedAt { get; init; }
    public string? HaltReason { get; init; }
    public string? HaltDetail { get; init; }
    public string? WaitingReason { get; init; }
    public string? HaltedIn { get; init; }
    public int? OldLogonMs { get; init; }
    public int? NewLogonMs { get; init; }
    public int MachinesOld { get; init; }
    public int MachinesNew { get; init; }
    public int Changing { get; init; }
    public int InUseOld { get; init; }
    public int Ready { get; init; }
    public int Personal { get; init; }
}

/// <summary>A synthetic log-on as pages show it.</summary>
internal sealed record ProbeRow
{
    public Guid RolloutId { get; init; }
    public Guid MachineId { get; init; }
    public string MachineName { get; init; } = "";
    public string State { get; init; } = "";
    public string? GatewayName { get; init; }
    public DateTime? BeganAt { get; init; }
    public DateTime? EndedAt { get; init; }
    public int? RedeemedMs { get; init; }
    public int? StartedMs { get; init; }
    public int? PictureMs { get; init; }
    public int? LogonMs { get; init; }
    public string? Reason { get; init; }
}

/// <summary>What an administrator asks for; null keeps half of the ready machines.</summary>
internal sealed record NewRollout(
    Guid Id, Guid Pool, Guid Version, int Canaries, int WavePercent, int? KeepReady, int SlowdownPercent, TimeSpan StartWithin, DateTime? ForceAt, TimeSpan WarnBefore);
