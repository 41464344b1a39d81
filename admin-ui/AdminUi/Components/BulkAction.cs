namespace Montalegre.Vdi.AdminUi.Components;

/// <summary>What can be done to many rows of a live table at once. The broker is asked row by row, so each has an answer of its own.</summary>
public sealed record BulkAction<T>(string Name, string Icon)
{
    /// <summary>The reader may do it to this row, and it would change something there.</summary>
    public required Predicate<T> Fits { get; init; }

    public required Func<T, string> NameOf { get; init; }

    /// <summary>What it does to these rows, line by line, before anything is done.</summary>
    public required Func<IReadOnlyList<T>, IReadOnlyList<string>> Touches { get; init; }

    /// <summary>Asks the reader for what it still needs, and answers what is done to each row; null: he thought better of it.</summary>
    public required Func<int, Task<Func<T, Task>?>> Prepare { get; init; }

    /// <summary>Something is lost by it.</summary>
    public bool Destroys { get; init; }
}

/// <summary>How an action on many rows begins.</summary>
public static class BulkAction
{
    /// <summary>Nothing more is needed from the reader.</summary>
    public static Func<int, Task<Func<T, Task>?>> AtOnce<T>(Func<T, Task> act) => _ => Task.FromResult<Func<T, Task>?>(act);
}
