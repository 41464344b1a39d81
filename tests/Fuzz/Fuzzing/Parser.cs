using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Fuzz.Fuzzing;

/// <summary>What reads bytes of a stranger, with good bytes to start from.</summary>
internal sealed record Parser(string Name, byte[][] Corpus, Action<byte[]> Read)
{
    /// <summary>The one answer that a broken peer may get.</summary>
    public Func<Exception, bool> IsRefusal { get; init; } = e => e is WireFormatException;

    /// <summary>Gives a bent input a right length again.</summary>
    public Action<List<byte>> Repair { get; init; } = Mutator.Tpkt;

    /// <summary>Bytes that one input may cost.</summary>
    public long MostAllocated { get; init; } = 512 * 1024;
}
