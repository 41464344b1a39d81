namespace Montalegre.Vdi.Protocol.Http;

/// <summary>Takes the wrapping off bytes in the buffer they came in.</summary>
public interface IBodyReader
{
    /// <summary>The peer said that nothing more comes; bytes behind it are dropped.</summary>
    bool Ended { get; }

    /// <summary>Moves what was wrapped to the front of the buffer and answers how much it is.</summary>
    int Decode(Span<byte> bytes);
}
