namespace Montalegre.Vdi.Broker.Hosting;

/// <summary>The broker cannot start for a reason that an administrator can mend: the message names it and the way out.</summary>
internal sealed class StartUpException(string message, Exception? inner = null) : Exception(message, inner);
