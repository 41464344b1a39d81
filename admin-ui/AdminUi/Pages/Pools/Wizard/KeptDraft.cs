namespace Montalegre.Vdi.AdminUi.Pages.Pools.Wizard;

/// <summary>A draft as a browser tab keeps it; people and groups by name only.</summary>
/// <param name="Pool">JSON of the request that would make it.</param>
internal sealed record KeptDraft(string Pool, bool Instant, bool SharedComputers, int Furthest, IReadOnlyList<string> Users, IReadOnlyList<string> Groups);
