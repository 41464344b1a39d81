using System.Text;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Certificates.Pkcs11;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Tests.Certificates;

/// <summary>A broker that runs goes over to a key in a token, and back to a file; each rotation is killed after every batch.</summary>
public sealed class RotateToTokenTests(TestCluster cluster) : IAsyncLifetime
{
    private readonly TestBroker _broker = new(cluster) { Leads = false };
    private readonly string _folder = Directory.CreateTempSubdirectory("montalegre-rotate-token-").FullName;
    private Pkcs11Options _token = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _token = SoftHsm.Options(_folder, "outro");
        await _broker.StartAsync(["--Hosting:LogLevel=Verbose", .. SoftHsm.Settings(_token), $"--Certificates:KeyFile={Key()}"]);
    }

    public async ValueTask DisposeAsync()
    {
        await _broker.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Rotation_to_the_token_and_back_is_killed_anywhere_and_goes_on()
    {
        var secrets = new SealedSecrets(_broker);
        await secrets.MakeAsync();

        foreach (var (toFile, number) in new[] { (false, 2), (true, 3) })
        {
            var kills = 0;
            while (!await RunUntilKilledAsync(toFile))
            {
                Assert.True(++kills < 100);
                await secrets.OpenAsync();
            }
            Assert.True(kills >= SealedColumn.All.Count);
            var now = Keys().Sealing;
            Assert.Equal((number, toFile ? typeof(FileKey) : typeof(TokenKey)), (now.Number, now.Wrapping.GetType()));
            foreach (var column in SealedColumn.All) Assert.Equal(0, await LeftAsync(column, now));
            // What the database kept by the key before is not needed: a broker that has the new one alone opens everything.
            foreach (var retired in Directory.GetFiles(_folder, "*.retired")) File.Delete(retired);
            await _broker.RestartAsync();
            await secrets.OpenAsync();
        }

        await secrets.TakeAsync();
        await _broker.RestartAsync();   // what the log still held is written
        foreach (var log in Directory.GetFiles(Path.Combine(_broker.StateDirectory), "*", SearchOption.AllDirectories).Concat(Directory.GetFiles(_folder, "key*")))
            Assert.DoesNotContain(SoftHsm.Pin, Encoding.Latin1.GetString(await File.ReadAllBytesAsync(log, Ct)), StringComparison.Ordinal);
    }

    private string Key()
    {
        var file = Path.Combine(_folder, "key");
        File.WriteAllText(file, Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32)));
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return file;
    }

    private async Task<bool> RunUntilKilledAsync(bool toFile)
    {
        var ring = Keys();
        try
        {
            await new RotateKey(Files(), ring, new SecretBox(ring), _broker.Services.GetRequiredService<DatabaseAddress>(), TimeProvider.System) { Batch = 2 }.RunAsync(toFile, copied: true, "broker", "offline", said =>
            {
                if (SealedColumn.All.Any(c => said.StartsWith($"{c}: ", StringComparison.Ordinal))) throw new InvalidOperationException("killed");
            }, Ct);
            return true;
        }
        catch (InvalidOperationException e) when (e.Message == "killed")
        {
            return false;
        }
    }

    private KeyRing Keys() => new(Files(), NullLogger<KeyRing>.Instance);

    private KeyFiles Files() => new(
        Options.Create(new CertificatesOptions { KeyFile = Path.Combine(_folder, "key"), Pkcs11 = _token }), Options.Create(new HostingOptions { StateDirectory = _broker.StateDirectory }));

    private async Task<int> LeftAsync(SealedColumn column, KeyEncryptionKey key)
    {
        await using var connection = await _broker.Database.Owner.OpenConnectionAsync(Ct);
        return await connection.ExecuteScalarAsync<int>($"select count(*)::int from {column.Table} where {column.Column} is not null and substring({column.Column} from 1 for 9) <> @head", new { head = SecretBox.Head(key) });
    }
}
