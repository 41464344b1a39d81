using System.Diagnostics.CodeAnalysis;

namespace Montalegre.Vdi.Protocol.Wire;

/// <summary>A peer sent bytes that break the format. It ends one connection, never the process.</summary>
/// <remarks>The message names the PDU and the field, and never carries the bytes: they may be a secret.</remarks>
public sealed class WireFormatException : Exception
{
    public WireFormatException() { }

    public WireFormatException(string message) : base(message) { }

    public WireFormatException(string message, Exception innerException) : base(message, innerException) { }

    [DoesNotReturn]
    public static void Throw(string pdu, string field, string problem) =>
        throw new WireFormatException($"{pdu}.{field}: {problem}");
}
