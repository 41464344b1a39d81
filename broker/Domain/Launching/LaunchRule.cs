namespace Montalegre.Vdi.Domain;

/// <summary>Which of the product's rules decided a launch, in the order in which they are tried.</summary>
public enum LaunchRule
{
    /// <summary>The open session in this pool is joined again, wherever it is.</summary>
    OwnSession,

    /// <summary>The machine that is bound to the person.</summary>
    OwnMachine,

    /// <summary>A free machine of the pool, by random rank.</summary>
    FreeMachine,

    /// <summary>Any of the emptiest shared machines.</summary>
    EmptiestMachine,

    /// <summary>The fullest shared machine that has a seat.</summary>
    FullestMachine,

    /// <summary>Nothing is free, or others came first: a place in the queue.</summary>
    Queue,

    /// <summary>Waiting would not help.</summary>
    Refusal,
}
