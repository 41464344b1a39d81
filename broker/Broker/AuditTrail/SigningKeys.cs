using System.Security.Cryptography;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Storage;
using Npgsql;

namespace Montalegre.Vdi.Broker.AuditTrail;

/// <summary>The key that signs heads: ECDSA P-256, made with the first batch, kept sealed by the installation's key.</summary>
internal sealed class SigningKeys(SecretBox secrets, [FromKeyedServices(StorageExtensions.Reports)] NpgsqlDataSource reports, ILogger<SigningKeys> log)
{
    /// <summary>The newest key. Dispose of it.</summary>
    public async Task<(int Number, ECDsa Key)> CurrentAsync(NpgsqlConnection connection)
    {
        var keys = await SealStore.KeysAsync(connection, CancellationToken.None);
        var row = keys.Count > 0 ? keys[^1] : null;
        if (row is null)
        {
            using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            if (await SealStore.AddKeyAsync(connection, 1, made.ExportSubjectPublicKeyInfo(), secrets.Seal(made.ExportPkcs8PrivateKey(), Place(1)))) log.KeyMade(1);
            row = (await SealStore.KeysAsync(connection, CancellationToken.None))[^1];
        }
        var secret = secrets.Open(row.SealedKey, Place(row.KeyNo))
            ?? throw new InvalidOperationException($"Audit signing key {row.KeyNo} does not open with this key-encryption key; restore the key of this installation.");
        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(secret, out _);
        CryptographicOperations.ZeroMemory(secret);
        return (row.KeyNo, key);
    }

    public async Task<IReadOnlyList<KeyRow>> AllAsync(CancellationToken ct)
    {
        await using var connection = await reports.OpenConnectionAsync(ct);
        return await SealStore.KeysAsync(connection, ct);
    }

    private static string Place(int number) => $"audit_key.sealed_key:{number}";
}
