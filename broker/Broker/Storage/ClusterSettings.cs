namespace Montalegre.Vdi.Broker.Storage;

/// <summary>Settings of the private cluster that another slice brings, written at every start after our own.</summary>
/// <param name="Prepare">Makes what the settings name, for example a directory.</param>
/// <param name="Values">Name and value, unquoted.</param>
internal sealed record ClusterSettings(Action Prepare, params (string Name, string Value)[] Values);
