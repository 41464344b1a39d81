using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Live;

/// <summary>Questions that watchers ask of a batch.</summary>
internal static class ChangeBatches
{
    /// <summary>True when something of these kinds changed, or when nobody can tell.</summary>
    public static bool Touches(this ChangeBatch batch, params ReadOnlySpan<string> kinds)
    {
        if (batch.Lost) return true;
        foreach (var change in batch.Changes)
            if (kinds.Contains(change.Kind)) return true;
        return false;
    }

    /// <summary>The ids of changed objects of these kinds.</summary>
    public static IEnumerable<Guid> Ids(this ChangeBatch batch, params string[] kinds) =>
        batch.Changes.Where(c => kinds.Contains(c.Kind)).Select(c => c.Id);
}
