using System.Security.Cryptography;

namespace Montalegre.Vdi.Protocol.Nla;

/// <summary>What binds network level authentication to the key of the TLS leg, MS-CSSP 3.1.5: nobody in the middle has that key.</summary>
public static class PublicKeyBinding
{
    public const int NonceLength = 32;

    /// <summary>From this version on both sides send hashes instead of the key.</summary>
    public const int FirstVersionWithHash = 5;

    private static ReadOnlySpan<byte> ClientToServer => "CredSSP Client-To-Server Binding Hash\0"u8;

    private static ReadOnlySpan<byte> ServerToClient => "CredSSP Server-To-Client Binding Hash\0"u8;

    /// <param name="publicKey">SubjectPublicKey of the server's certificate, without algorithm.</param>
    public static byte[] FromClient(int version, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> publicKey) =>
        version >= FirstVersionWithHash ? Hash(ClientToServer, nonce, publicKey) : publicKey.ToArray();

    public static byte[] FromServer(int version, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> publicKey)
    {
        if (version >= FirstVersionWithHash) return Hash(ServerToClient, nonce, publicKey);
        var answer = publicKey.ToArray();
        answer[0]++;
        return answer;
    }

    private static byte[] Hash(ReadOnlySpan<byte> magic, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> publicKey)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(magic);
        hash.AppendData(nonce);
        hash.AppendData(publicKey);
        return hash.GetHashAndReset();
    }
}
