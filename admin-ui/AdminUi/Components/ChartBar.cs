namespace Montalegre.Vdi.AdminUi.Components;

/// <summary>One bar or column of a chart.</summary>
/// <param name="Name">What it is of.</param>
/// <param name="Value">Its length, from nothing.</param>
/// <param name="Shown">The value in words, written beside it.</param>
/// <param name="Behind">What it is set against, on the same scale; zero: nothing.</param>
public sealed record ChartBar(string Name, double Value, string Shown, double Behind = 0);
