namespace Montalegre.Vdi.AdminUi.Pages.Pools.Wizard;

/// <summary>Keeps the draft of one circuit, so that leaving the wizard's page and coming back loses nothing.</summary>
internal sealed class PoolDrafts
{
    public PoolDraft Current { get; private set; } = new();

    public void Clear() => Current = new();
}
