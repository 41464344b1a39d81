namespace Montalegre.Vdi.AdminUi.Components;

/// <summary>What an administrator is asked before an action: exactly what it touches, and who is affected.</summary>
public sealed record Question(string Title, IReadOnlyList<string> Touches, string Do, bool Destroys);
