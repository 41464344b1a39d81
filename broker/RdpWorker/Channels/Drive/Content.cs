namespace Montalegre.Vdi.RdpWorker.Channels.Drive;

/// <summary>The bytes of one file, in blocks of the scratch file; parts that were never written take none.</summary>
internal sealed class Content(Scratch scratch)
{
    private const int Hole = -1;
    private readonly List<int> _blocks = [];

    public long Length { get; private set; }

    /// <summary>Reads up to the end of the file; answers how many bytes there were.</summary>
    public int Read(long offset, Span<byte> to)
    {
        var wanted = (int)Math.Clamp(Length - offset, 0, to.Length);
        for (var done = 0; done < wanted;)
        {
            var (index, at) = ((int)((offset + done) / Scratch.BlockSize), (int)((offset + done) % Scratch.BlockSize));
            var part = to.Slice(done, Math.Min(wanted - done, Scratch.BlockSize - at));
            if (index >= _blocks.Count || _blocks[index] == Hole) part.Clear();
            else scratch.Read(_blocks[index], at, part);
            done += part.Length;
        }
        return wanted;
    }

    /// <summary>False when there is no room; what was written before that stays.</summary>
    public bool TryWrite(long offset, ReadOnlySpan<byte> bytes)
    {
        if (offset > scratch.Size - bytes.Length) return false;
        for (var done = 0; done < bytes.Length;)
        {
            var (index, at) = ((int)((offset + done) / Scratch.BlockSize), (int)((offset + done) % Scratch.BlockSize));
            var part = bytes.Slice(done, Math.Min(bytes.Length - done, Scratch.BlockSize - at));
            while (_blocks.Count <= index) _blocks.Add(Hole);
            if (_blocks[index] == Hole)
            {
                if (scratch.Take() is not { } block) return false;
                _blocks[index] = block;
            }
            if (!scratch.TryWrite(_blocks[index], at, part)) return false;
            done += part.Length;
            Length = Math.Max(Length, offset + done);
        }
        return true;
    }

    /// <summary>Cuts the file off or makes it longer by zeros; false when it could never be filled.</summary>
    public bool TrySetLength(long length)
    {
        if (length > scratch.Size) return false;
        if (length < Length)
        {
            var (whole, rest) = ((int)(length / Scratch.BlockSize), (int)(length % Scratch.BlockSize));
            // What is cut off must not be read again when the file grows later.
            if (rest > 0 && whole < _blocks.Count && _blocks[whole] != Hole && !scratch.TryWrite(_blocks[whole], rest, new byte[Scratch.BlockSize - rest])) return false;
            GiveFrom(rest > 0 ? whole + 1 : whole);
        }
        Length = length;
        return true;
    }

    /// <summary>Gives all blocks back; the file is empty.</summary>
    public void Clear()
    {
        GiveFrom(0);
        Length = 0;
    }

    private void GiveFrom(int index)
    {
        for (var i = index; i < _blocks.Count; i++)
            if (_blocks[i] != Hole) scratch.Give(_blocks[i]);
        if (index < _blocks.Count) _blocks.RemoveRange(index, _blocks.Count - index);
    }
}
