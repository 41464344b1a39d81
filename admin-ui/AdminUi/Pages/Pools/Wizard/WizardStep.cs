namespace Montalegre.Vdi.AdminUi.Pages.Pools.Wizard;

/// <summary>The steps to a new pool, numbered as their address and their reader number them.</summary>
public enum WizardStep { Kind = 1, Image, Size, Rules, People }
