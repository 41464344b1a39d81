using Montalegre.Vdi.Protocol.Negotiation;

namespace Montalegre.Vdi.Protocol.Mcs;

/// <summary>What a gateway changes in the client's GCC data before the machine sees it.</summary>
/// <param name="Selected">What the machine answered in its Connection Confirm: it compares, and refuses when they differ.</param>
/// <param name="BlockedChannels">Static virtual channels, in lower case, that the machine must not find.</param>
public readonly record struct ClientDataEdit(SecurityProtocols Selected, IReadOnlySet<string> BlockedChannels);
