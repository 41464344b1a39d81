namespace Montalegre.Vdi.Domain;

/// <summary>Floating: any free machine, refreshed after use. Dedicated: one lasting machine a user. Manual: existing machines.</summary>
public enum PoolKind { Floating, Dedicated, Manual }
