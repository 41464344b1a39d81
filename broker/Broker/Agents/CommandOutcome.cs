namespace Montalegre.Vdi.Broker.Agents;

/// <summary>What came of a command to an agent.</summary>
internal abstract record CommandOutcome
{
    private CommandOutcome() { }

    /// <summary>The agent did it.</summary>
    /// <param name="Idle">The answer to the one command that asks for it; null when unknown.</param>
    public sealed record Ok(TimeSpan? Idle = null) : CommandOutcome;

    /// <summary>The agent answered that it could not; the text is readable and holds no secret.</summary>
    public sealed record Refused(string Text) : CommandOutcome;

    /// <summary>The agent has a stream but did not answer in time. It may still have done it.</summary>
    public sealed record Silent : CommandOutcome;

    /// <summary>The agent has no stream to this broker.</summary>
    public sealed record NotConnected : CommandOutcome;
}
