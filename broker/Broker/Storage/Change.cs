namespace Montalegre.Vdi.Broker.Storage;

/// <summary>One object is different now. Kind: <c>machine</c>, <c>session</c>, <c>pool</c>, <c>operation</c>, <c>assistance</c>, <c>rollout</c>, <c>alert</c> or <c>right</c> (of a person or group, who may have lost one).</summary>
internal readonly record struct Change(string Kind, Guid Id);

/// <summary>What a subscriber gets: objects to read again, or that it lost some and must read everything again.</summary>
internal sealed record ChangeBatch(IReadOnlyList<Change> Changes, bool Lost)
{
    public static readonly ChangeBatch SomeWereLost = new([], Lost: true);
}
