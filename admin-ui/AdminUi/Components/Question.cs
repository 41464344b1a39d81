namespace Montalegre.Vdi.AdminUi.Components;

/// <summary>What an administrator is asked before an action: exactly what it touches, and who is affected.</summary>
/// <param name="Keep">What is said to leave it; needed where the action itself is a cancelling.</param>
public sealed record Question(string Title, IReadOnlyList<string> Touches, string Do, bool Destroys, string? Keep = null);
