using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Backups;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Tests.Backups;

/// <summary>The broker and its command take backups into one directory. There are no programs of PostgreSQL here: a backup that begins fails.</summary>
public sealed class BackupLockTests : IDisposable
{
    private readonly string _state = Directory.CreateTempSubdirectory("mvb-lock-").FullName;
    private readonly BackupStore _backups;
    private readonly TakeBackup _take;

    public BackupLockTests()
    {
        var hosting = Options.Create(new HostingOptions { StateDirectory = _state });
        var storage = Options.Create(new StorageOptions { PostgresDirectory = Path.Combine(_state, "programs") });
        var options = Options.Create(new BackupOptions());
        _backups = new(options, hosting);
        _take = new(_backups, new(storage, hosting), storage, hosting, options, TimeProvider.System, NullLogger<TakeBackup>.Instance);
        var data = Directory.CreateDirectory(Path.Combine(_state, "postgresql", "data")).FullName;
        File.WriteAllText(Path.Combine(data, "PG_VERSION"), "15");
    }

    public void Dispose() => Directory.Delete(_state, recursive: true);

    [Fact]
    public async Task A_backup_that_is_being_taken_is_left_alone_and_what_a_killed_one_left_is_removed()
    {
        string draft;
        using (_backups.TryLock())
        {
            draft = _backups.Begin("20260101T000000Z");
            Assert.Null(await _take.RunAsync(TestContext.Current.CancellationToken));
            Assert.True(Directory.Exists(draft));
            Assert.False(File.Exists(_backups.FailureFile));
            Assert.Empty(_backups.All());
        }

        await Assert.ThrowsAsync<StartUpException>(() => _take.RunAsync(TestContext.Current.CancellationToken));
        Assert.False(Directory.Exists(draft));
        Assert.Equal([_backups.FailureFile], Directory.GetFiles(_backups.Root));   // no lock stays
    }
}
