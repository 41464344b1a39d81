namespace Montalegre.Vdi.Broker.Hosting;

/// <summary>This broker process. A restarted process is another node: it holds no stream and no lease of the old one.</summary>
internal sealed record Node(Guid Id);
