namespace Montalegre.Vdi.Portal.Connect;

/// <summary>A command line and how long its ticket still lives.</summary>
public sealed record ShownCommand(string Line, int Seconds);
