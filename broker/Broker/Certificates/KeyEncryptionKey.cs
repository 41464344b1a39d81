namespace Montalegre.Vdi.Broker.Certificates;

/// <summary>What a key is good for.</summary>
internal enum KeyUse
{
    /// <summary>Opens; the one with the highest number seals.</summary>
    Active,

    /// <summary>Opens, and seals once it is on every node.</summary>
    Next,

    /// <summary>Opens what a restored backup brings back.</summary>
    Retired,
}

/// <summary>A key-encryption key, and the file that holds it or says where it is.</summary>
/// <param name="File">Where it was read.</param>
/// <param name="Number">1 for the first; a later one has a higher number.</param>
/// <param name="Use">By the end of the file's name.</param>
/// <param name="Wrapping">The key itself: AES-256.</param>
internal sealed record KeyEncryptionKey(string File, int Number, KeyUse Use, IWrappingKey Wrapping)
{
    /// <summary>Bytes of an identifier.</summary>
    public const int IdBytes = 8;

    /// <summary>Says which key it is and nothing about it.</summary>
    public byte[] Id => Wrapping.Id;

    /// <summary>The identifier in hexadecimal, for people.</summary>
    public string Name => Convert.ToHexStringLower(Id);
}
