using System.Text.Json.Serialization;

namespace Montalegre.Vdi.Contracts.AuditTrail;

/// <summary>What of the record is written as JSON; generated, because the agent is compiled ahead of time and shares these contracts.</summary>
[JsonSerializable(typeof(AuditFile.Lines))]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(SortedDictionary<string, string>))]
internal sealed partial class AuditJson : JsonSerializerContext;
