namespace Montalegre.Vdi.Fuzz.Fuzzing;

/// <summary>Breaks good bytes in the ways peers and attackers do.</summary>
/// <param name="random">Says how.</param>
/// <param name="repair">Gives half of them a right length again, or most would never come past the framing.</param>
internal sealed class Mutator(Random random, Action<List<byte>> repair)
{
    private const int Longest = 70_000;
    private static readonly byte[] Telling = [0x00, 0x01, 0x03, 0x7F, 0x80, 0x81, 0x82, 0xC0, 0xFE, 0xFF];

    /// <summary>The length of a TPKT frame.</summary>
    public static void Tpkt(List<byte> bytes)
    {
        if (bytes.Count < 4) return;
        bytes[2] = (byte)(bytes.Count >> 8);
        bytes[3] = (byte)bytes.Count;
    }

    /// <summary>The length of one DER value, X.690 8.1.3, in the form that it has.</summary>
    public static void Der(List<byte> bytes)
    {
        if (bytes.Count is >= 4 and < 65_540 && bytes[1] == 0x82) (bytes[2], bytes[3]) = ((byte)((bytes.Count - 4) >> 8), (byte)(bytes.Count - 4));
        else if (bytes.Count is >= 3 and < 259 && bytes[1] == 0x81) bytes[2] = (byte)(bytes.Count - 3);
        else if (bytes.Count is >= 2 and < 130 && bytes[1] < 0x80) bytes[1] = (byte)(bytes.Count - 2);
    }

    public byte[] Next(byte[][] corpus)
    {
        var bytes = new List<byte>(corpus[random.Next(corpus.Length)]);
        for (var changes = 1 + random.Next(4); changes > 0; changes--) Change(bytes, corpus);
        if (random.Next(2) == 0) repair(bytes);
        return [.. bytes.Take(Longest)];
    }

    private void Change(List<byte> bytes, byte[][] corpus)
    {
        var at = random.Next(bytes.Count + 1);
        switch (random.Next(7))
        {
            case 0 when at < bytes.Count: bytes[at] ^= (byte)(1 << random.Next(8)); break;
            case 1 when at < bytes.Count: bytes[at] = Telling[random.Next(Telling.Length)]; break;
            case 2: bytes.RemoveRange(at, bytes.Count - at); break;
            case 3: bytes.RemoveRange(at, Math.Min(random.Next(16), bytes.Count - at)); break;
            case 4: bytes.InsertRange(at, Enumerable.Range(0, random.Next(32)).Select(_ => (byte)random.Next(256))); break;
            case 5: bytes.InsertRange(at, bytes.Skip(at).Take(random.Next(64)).ToArray()); break;
            case 6:
                var other = corpus[random.Next(corpus.Length)];
                bytes.RemoveRange(at, bytes.Count - at);
                bytes.AddRange(other.Skip(random.Next(other.Length)));
                break;
        }
    }
}
