using Microsoft.Win32.SafeHandles;

namespace Montalegre.Vdi.RdpWorker.Channels.Drive;

/// <summary>Blocks of the one nameless file that a worker was started with; what is in its drive lies there.</summary>
/// <remarks>A worker can open nothing, so the launcher opened it, and the kernel keeps it from growing over its size.</remarks>
internal sealed class Scratch(SafeFileHandle file, int blocks)
{
    public const int BlockSize = 64 * 1024;
    private static readonly byte[] Zeros = new byte[BlockSize];
    private readonly Stack<int> _free = new();
    private int _fresh;

    public int FreeBlocks => blocks - _fresh + _free.Count;

    public long Size => (long)blocks * BlockSize;

    /// <summary>A block full of zeros; null when there is none left.</summary>
    public int? Take()
    {
        if (_fresh < blocks) return _fresh++;       // never written: the file system reads zeros there
        if (!_free.TryPop(out var used)) return null;
        RandomAccess.Write(file, Zeros, (long)used * BlockSize);
        return used;
    }

    public void Give(int block) => _free.Push(block);

    /// <summary>Reads from a block; what was never written is zeros.</summary>
    public void Read(int block, int at, Span<byte> to)
    {
        var read = RandomAccess.Read(file, to, ((long)block * BlockSize) + at);
        to[read..].Clear();
    }

    /// <summary>False when the disk below is full.</summary>
    public bool TryWrite(int block, int at, ReadOnlySpan<byte> bytes)
    {
        try
        {
            RandomAccess.Write(file, bytes, ((long)block * BlockSize) + at);
            return true;
        }
        catch (IOException) { return false; }
    }
}
