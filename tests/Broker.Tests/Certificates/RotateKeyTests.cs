using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Backups;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Tests.Certificates;

/// <summary>Rotations on a real database while a broker runs on it.</summary>
public sealed class RotateKeyTests(TestCluster cluster) : IAsyncLifetime
{
    // Bytes that are no boxes, so that a new column of bytes must be put on one of the two lists.
    private static readonly string[] NotSealed =
    [
        "application_icon.png", "audit_batch.previous", "audit_batch.root", "audit_batch.signature", "audit_key.public_key", "audit_leaf.leaf", "audit_personal.box", "authority.certificate",
        "passkey.credential_id", "passkey.public_key",
    ];

    private readonly TestBroker _broker = new(cluster) { Leads = false };
    private readonly List<string> _said = [];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string First => Path.Combine(_broker.StateDirectory, "key-encryption.key");

    public ValueTask InitializeAsync() => _broker.InitializeAsync();

    public ValueTask DisposeAsync() => _broker.DisposeAsync();

    [Fact]
    public async Task Rotation_that_is_killed_after_every_batch_goes_on_and_leaves_nothing_sealed_with_the_old_key()
    {
        var secrets = new SealedSecrets(_broker);
        await secrets.MakeAsync();
        await AgeAsync();
        await secrets.OpenAsync();
        var old = Keys().Sealing;
        foreach (var column in SealedColumn.All) Assert.True(await CountAsync(column, "true") > 0, $"{column} has no secret in this test");

        var kills = 0;
        while (!await RunUntilKilledAsync())
        {
            Assert.True(++kills < 100);
            Assert.True(File.Exists(First));
            await secrets.OpenAsync();
        }

        Assert.True(kills >= SealedColumn.All.Count);
        foreach (var column in SealedColumn.All) Assert.Equal(0, await CountAsync(column, "substring({0} from 1 for 9) <> @head", Keys().Sealing));
        Assert.NotEqual(old.Name, Keys().Sealing.Name);
        Assert.False(File.Exists(First));
        Assert.Contains(_said, line => line.StartsWith($"{First}.retired is needed only for backups", StringComparison.Ordinal));

        File.Delete(First + ".retired");
        await _broker.RestartAsync();
        await secrets.OpenAsync();
        await secrets.TakeAsync();
        Assert.Equal($"broker/{Keys().Sealing.Name}", await AskAsync<string>("select actor || '/' || object_name from audit_event where action = 'secret_key.rotated' and source_address = 'offline'"));
        Assert.Equal(kills + 1, await AskAsync<int>("select count(*)::int from audit_event where action = 'secret_key.rotate'"));
    }

    [Fact]
    public async Task Nothing_is_sealed_with_the_new_key_before_it_is_on_the_other_nodes_and_a_node_without_it_does_not_start()
    {
        await using (var connection = await _broker.Database.Owner.OpenConnectionAsync(Ct))
            await connection.ExecuteAsync("insert into broker_node (name, node_id) values ('casa-2 10.0.0.2:7443', gen_random_uuid())");
        var other = Path.Combine(Directory.CreateDirectory(Path.Combine(_broker.StateDirectory, "casa-2")).FullName, "k");
        File.Copy(First, other);
        var old = Keys().Sealing;

        var refused = await Assert.ThrowsAsync<StartUpException>(() => Rotation().RunAsync(toFile: false, copied: false, "broker", "offline", _said.Add, Ct));
        Assert.Contains("Copy it to casa-2 10.0.0.2:7443", refused.Message, StringComparison.Ordinal);
        Assert.Contains("key-encryption.key-2 ", refused.Message, StringComparison.Ordinal);
        Assert.Equal(old.Name, Keys().Sealing.Name);
        Assert.Equal(1, await CountAsync(SealedColumn.All[0], "substring({0} from 1 for 9) = @head", old));

        await Rotation().RunAsync(toFile: false, copied: true, "broker", "offline", _said.Add, Ct);
        Assert.Equal(1, await CountAsync(SealedColumn.All[0], "substring({0} from 1 for 9) = @head", Keys().Sealing));

        var without = await Assert.ThrowsAsync<StartUpException>(() => LoadAsync(other));
        Assert.Contains($"sealed by key {Keys().Sealing.Name}", without.Message, StringComparison.Ordinal);
        File.Copy(First + "-2", other + "-2");
        await LoadAsync(other);
    }

    [Fact]
    public async Task Secret_that_no_key_opens_is_named_and_keeps_the_old_key_from_being_retired()
    {
        var directory = Guid.NewGuid();
        await using (var connection = await _broker.Database.Owner.OpenConnectionAsync(Ct))
            await connection.ExecuteAsync("insert into audit_person (person_id, sealed_key) values (@directory, '\\x0102')", new { directory });

        var refused = await Assert.ThrowsAsync<StartUpException>(() => Rotation().RunAsync(toFile: false, copied: false, "broker", "offline", _said.Add, Ct));

        Assert.Contains($"audit_person.sealed_key:{directory}", refused.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(First));
        Assert.Equal(1, await CountAsync(SealedColumn.All[0], "substring({0} from 1 for 9) = @head", Keys().Sealing));
    }

    [Fact]
    public async Task Program_of_the_broker_rotates_and_refuses_where_it_has_no_key_of_this_database()
    {
        string[] database = [$"--Storage:ConnectionString={_broker.Database.ConnectionString}", $"--Storage:OwnerConnectionString={_broker.Database.OwnerConnectionString}", "--Provisioning:EnrolmentUrl=https://127.0.0.1:1", "--Provisioning:ChannelUrl=https://127.0.0.1:2"];
        var elsewhere = Directory.CreateDirectory(Path.Combine(_broker.StateDirectory, "elsewhere")).FullName;

        Assert.Equal(1, await DatabaseCommand.RunAsync(["rotate-key", $"--Hosting:StateDirectory={elsewhere}", .. database]));
        Assert.Empty(Directory.GetFiles(elsewhere, "key-encryption*"));
        Assert.Equal(0, await DatabaseCommand.RunAsync(["rotate-key", "--copied", $"--Hosting:StateDirectory={_broker.StateDirectory}", .. database]));

        Assert.True(File.Exists(First + "-2"));
        // The broker that runs has noticed.
        Assert.Equal(First + "-2", _broker.Services.GetRequiredService<KeyRing>().Sealing.File);
    }

    [Fact]
    public async Task Every_column_of_bytes_is_sealed_or_known_not_to_be()
    {
        await using var connection = await _broker.Database.Owner.OpenConnectionAsync(Ct);
        var columns = await connection.QueryAsync<string>("select table_name || '.' || column_name from information_schema.columns where table_schema = 'public' and data_type = 'bytea' and column_name !~ 'sha256$'");

        Assert.Equal(SealedColumn.All.Select(c => $"{c}").Concat(NotSealed).Order(StringComparer.Ordinal), columns.Order(StringComparer.Ordinal));
    }

    // Boxes as they were before they named their key.
    private async Task AgeAsync()
    {
        await using var connection = await _broker.Database.Owner.OpenConnectionAsync(Ct);
        foreach (var column in SealedColumn.All.Where(c => c.Table is not ("directory" or "audit_person")))
            await connection.ExecuteAsync($"update {column.Table} set {column.Column} = '\\x01'::bytea || substring({column.Column} from 10)");
    }

    // A fault right after a batch is what a kill leaves: the connection is gone, and nothing that was not committed is there.
    private async Task<bool> RunUntilKilledAsync()
    {
        try
        {
            await Rotation().RunAsync(toFile: false, copied: true, "broker", "offline", said =>
            {
                _said.Add(said);
                if (SealedColumn.All.Any(c => said.StartsWith($"{c}: ", StringComparison.Ordinal))) throw new InvalidOperationException("killed");
            }, Ct);
            return true;
        }
        catch (InvalidOperationException e) when (e.Message == "killed")
        {
            return false;
        }
    }

    private async Task LoadAsync(string keyFile)
    {
        var ring = Ring(keyFile);
        var hosting = Options.Create(new HostingOptions { StateDirectory = Path.GetDirectoryName(keyFile)! });
        using var authority = new CertificateAuthority(new CertificateStore(_broker.Database.DataSource), new SecretBox(ring), ring, hosting, TimeProvider.System, NullLogger<CertificateAuthority>.Instance);
        await authority.LoadAsync(Ct);
    }

    // As another process than the broker that runs: nothing is shared but files and database.
    private RotateKey Rotation() => new(Files(First), Ring(First), new SecretBox(Ring(First)), _broker.Services.GetRequiredService<DatabaseAddress>(), TimeProvider.System) { Batch = 2 };

    private KeyRing Keys() => Ring(First);

    private static KeyRing Ring(string file) => new(Files(file), NullLogger<KeyRing>.Instance);

    private static KeyFiles Files(string file) => new(Options.Create(new CertificatesOptions { KeyFile = file }), Options.Create(new HostingOptions()));

    private async Task<int> CountAsync(SealedColumn column, string condition, KeyEncryptionKey? key = null)
    {
        await using var connection = await _broker.Database.Owner.OpenConnectionAsync(Ct);
        return await connection.ExecuteScalarAsync<int>($"select count(*)::int from {column.Table} where {column.Column} is not null and {condition.Replace("{0}", column.Column, StringComparison.Ordinal)}", new { head = key is null ? [] : SecretBox.Head(key) });
    }

    private async Task<T> AskAsync<T>(string sql)
    {
        await using var connection = await _broker.Database.Owner.OpenConnectionAsync(Ct);
        return await connection.QuerySingleAsync<T>(sql);
    }
}
