using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Images;

/// <summary>Takes an image version out of choice, unless a pool still makes machines from it.</summary>
internal sealed class RetireImage(ImageStore store)
{
    /// <summary>Null when it is retired now, also when it was before.</summary>
    public async Task<RefusalReason?> RunAsync(ImageVersionId image, Caller by)
    {
        if (await store.RetireAsync(image, by.UserName, by.SourceAddress)) return null;
        return await store.OneAsync(image, CancellationToken.None) switch
        {
            null => RefusalReason.NotFound,
            { State: "retired" } => null,
            _ => RefusalReason.InUse,
        };
    }
}
