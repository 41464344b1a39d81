namespace Montalegre.Vdi.Rig;

/// <summary>Something the person at the keyboard must know or do; the message says what and how.</summary>
public sealed class SetUpException(string message) : Exception(message);
