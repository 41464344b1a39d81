namespace Montalegre.Vdi.AdminUi.Components;

/// <summary>What an administrator is asked before an action: exactly what it touches, and who is affected.</summary>
/// <param name="Keep">What is said to leave it; needed where the action itself is a cancelling.</param>
/// <param name="Held">What stands in the way, and what to do about it. The action is off then, for the broker would refuse it.</param>
public sealed record Question(string Title, IReadOnlyList<string> Touches, string Do, bool Destroys, string? Keep = null, string? Held = null);
