namespace Montalegre.Vdi.Fuzz.Fuzzing;

/// <summary>Breaks good bytes in the ways peers and attackers do.</summary>
internal sealed class Mutator(Random random)
{
    private const int Longest = 70_000;
    private static readonly byte[] Telling = [0x00, 0x01, 0x03, 0x7F, 0x80, 0x81, 0x82, 0xC0, 0xFE, 0xFF];

    public byte[] Next(byte[][] corpus)
    {
        var bytes = new List<byte>(corpus[random.Next(corpus.Length)]);
        for (var changes = 1 + random.Next(4); changes > 0; changes--) Change(bytes, corpus);
        // Half of them get a right TPKT length again, or most would never come past the framing.
        if (bytes.Count >= 4 && random.Next(2) == 0)
        {
            bytes[2] = (byte)(bytes.Count >> 8);
            bytes[3] = (byte)bytes.Count;
        }
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
