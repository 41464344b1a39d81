namespace Montalegre.Vdi.Domain;

/// <summary>
/// Floating: any free machine, refreshed after use. Dedicated: one lasting machine a user. Manual: existing machines.
/// Multi-session: machines that several people share, each with a seat.
/// </summary>
public enum PoolKind { Floating, Dedicated, Manual, MultiSession }

/// <summary>Which shared machine the next person gets. Breadth: the emptiest. Depth: the fullest that has a seat, so that the others stay empty and can go.</summary>
public enum SeatDistribution { Breadth, Depth }
