using Microsoft.Extensions.Options;

namespace Montalegre.Vdi.Broker.Directories;

/// <summary>
/// Reads all people and groups of a directory and makes the store say the same. Whoever left it or was disabled there loses his
/// sign-ins in the same transaction. A directory that does not answer, or answers with nobody, changes nothing.
/// </summary>
internal sealed class SyncDirectory(DirectoryStore store, DirectoryPeopleStore people, DirectoryClient client, IOptions<DirectoriesOptions> options, ILogger<SyncDirectory> log)
{
    /// <summary>Null when it could not be read; why stands in its row.</summary>
    public async Task<SyncChanges?> RunAsync(DirectorySettings directory, CancellationToken ct)
    {
        try
        {
            var (found, groups) = await ReadAsync(directory, ct);
            var changes = await people.ApplyAsync(directory.Id, found, groups);
            await store.SyncedAsync(directory.Id, "");
            if (changes != new SyncChanges(0, 0, 0, 0, 0)) log.DirectoryRead(directory.Name, changes.Disabled, changes.Enabled, changes.Renamed, changes.MembersAdded, changes.MembersRemoved);
            return changes;
        }
        catch (Exception e) when (e is DirectoryFailure or DirectoryBusy)
        {
            log.DirectoryNotRead(directory.Name, e.Message);
            await store.SyncedAsync(directory.Id, e.Message);
            return null;
        }
    }

    private async Task<(List<DirectoryPerson> People, List<DirectoryGroup> Groups)> ReadAsync(DirectorySettings directory, CancellationToken ct)
    {
        using var connection = await client.OpenAsync(directory, ct);
        var reader = new DirectoryReader(directory, connection, options.Value.SyncPatience);
        var found = await reader.PeopleAsync(ct);
        // A filter or a right that was changed by mistake must not lock a whole town hall out.
        if (found.Count == 0) throw new DirectoryFailure(DirectoryStep.Search, connection.Server, $"nobody matches {directory.Schema.UserFilter} below {directory.BaseDn}");
        return (found, await reader.GroupsAsync(ct));
    }
}
