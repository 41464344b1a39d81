using System.Security.Cryptography;

namespace Montalegre.Vdi.Broker.Certificates.Pkcs11;

/// <summary>A key that stays in its token: data keys go there and come back.</summary>
internal sealed class TokenKey : IWrappingKey
{
    private readonly Token _token;
    private readonly string _key;

    public TokenKey(Token token, string key)
    {
        (_token, _key) = (token, key);
        Id = SHA256.HashData(token.CheckValue(key))[..KeyEncryptionKey.IdBytes];
    }

    public byte[] Id { get; }

    public byte[] Wrap(byte[] dataKey, byte[] nonce, byte[] place) => _token.Encrypt(_key, dataKey, nonce, place);

    public byte[]? Unwrap(byte[] wrapped, byte[] nonce, byte[] place) => _token.Decrypt(_key, wrapped, nonce, place);
}
