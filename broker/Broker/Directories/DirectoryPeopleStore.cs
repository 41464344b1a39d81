using Dapper;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Npgsql;

namespace Montalegre.Vdi.Broker.Directories;

/// <summary>What reading a directory changed.</summary>
internal sealed record SyncChanges(int Disabled, int Enabled, int Renamed, int MembersAdded, int MembersRemoved);

/// <summary>SQL of people and groups that come from directories.</summary>
internal sealed class DirectoryPeopleStore(Database database, TimeProvider time)
{
    private const string Person = "user_id, user_name, display_name, password_hash, enabled, administrator, has_factor(user_id) as has_factor";

    public async Task<KnownUser?> FindAsync(Guid directory, string externalId, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<KnownUser>(new CommandDefinition(
            $"select {Person} from app_user where directory_id = @directory and external_id = @externalId", new { directory, externalId }, cancellationToken: ct));
    }

    /// <summary>Who has signed in, as we keep him; made at the first sign-in. Null when every name for him is taken by somebody else.</summary>
    /// <param name="directory">Where he is from.</param>
    /// <param name="person">As the directory describes him.</param>
    /// <param name="names">Accounts that he may get inside desktops, the best first.</param>
    /// <param name="groups">All that he is in there.</param>
    public async Task<KnownUser?> AdmitAsync(Guid directory, DirectoryPerson person, IReadOnlyList<string> names, IReadOnlyList<DirectoryGroup> groups)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var user = await UpdateAsync(connection, directory, person);
        foreach (var name in names)
        {
            if (user is not null) break;
            // A conflict about the person and not the name: the same person signs in twice at once.
            user = await connection.QuerySingleOrDefaultAsync<KnownUser>(
                $"""
                  with created as (
                       insert into app_user (user_id, user_name, display_name, directory_id, external_id, directory_name)
                       values (@id, @name, @DisplayName, @directory, @externalId, @directoryName)
                  on conflict do nothing
                    returning {Person}),
                       audit as (
                       insert into audit_event (actor, action, object_kind, object_id, object_name, reference)
                       select 'directory', 'user.create', 'user', user_id, user_name, (select name from directory where directory_id = @directory)
                         from created)
                select * from created
                """, new { id = Guid.CreateVersion7(time.GetUtcNow()), name, person.DisplayName, directory, externalId = person.Id, directoryName = person.Name }, transaction)
                ?? await UpdateAsync(connection, directory, person);
        }
        if (user is null) return null;
        await KeepGroupsAsync(connection, directory, groups);
        await KeepMembersAsync(connection, directory, [.. groups.Select(group => (user.UserId, group.Id))], only: user.UserId);
        await transaction.CommitAsync();
        return user;
    }

    /// <summary>Makes the store say what the directory says about people who signed in before, and about groups. One transaction: all of it or nothing.</summary>
    public async Task<SyncChanges> ApplyAsync(Guid directory, IReadOnlyList<DirectoryPerson> people, IReadOnlyList<DirectoryGroup> groups)
    {
        var tree = new MemberTree(groups);
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var known = (await connection.QueryAsync<(Guid Id, string ExternalId)>("select user_id, external_id from app_user where directory_id = @directory for update", new { directory }, transaction))
            .ToDictionary(row => row.ExternalId, row => row.Id, StringComparer.Ordinal);
        var here = people.Where(person => known.ContainsKey(person.Id)).DistinctBy(person => person.Id).ToList();
        var active = here.Where(person => !person.State.Disabled).Select(person => person.Id).ToArray();

        var renamed = await connection.ExecuteAsync(
            """
            update app_user
               set display_name   = t.display_name,
                   directory_name = t.directory_name
              from unnest(@ids, @shown, @names) as t (external_id, display_name, directory_name)
             where app_user.directory_id = @directory
               and app_user.external_id  = t.external_id
               and (app_user.display_name, app_user.directory_name) is distinct from (t.display_name, t.directory_name)
            """, new { directory, ids = here.Select(p => p.Id).ToArray(), shown = here.Select(p => p.DisplayName).ToArray(), names = here.Select(p => p.Name).ToArray() }, transaction);
        var disabled = await connection.ExecuteAsync(
            $"""
              with {RoleStore.Keepers},
                   gone as (
                   update app_user
                      set enabled               = false,
                          disabled_by_directory = true
                    where directory_id = @directory
                      and enabled
                      and external_id <> all (@active)
                      and (not exists (select from keepers where keepers.user_id = app_user.user_id)
                           or exists (select from keepers join app_user k using (user_id) where k.directory_id is distinct from @directory or k.external_id = any (@active)))
                returning user_id, user_name),
                   ended as (
                   delete from sign_in
                    where user_id in (select user_id from gone))
            insert into audit_event (actor, action, object_kind, object_id, object_name)
            select 'directory', 'user.disable', 'user', user_id, user_name
              from gone
            """, new { directory, active }, transaction);
        var enabled = await connection.ExecuteAsync(
            """
              with back as (
                   update app_user
                      set enabled               = true,
                          disabled_by_directory = false
                    where directory_id = @directory
                      and disabled_by_directory
                      and external_id = any (@active)
                returning user_id, user_name)
            insert into audit_event (actor, action, object_kind, object_id, object_name)
            select 'directory', 'user.enable', 'user', user_id, user_name
              from back
            """, new { directory, active }, transaction);
        await KeepGroupsAsync(connection, directory, groups);
        var (added, removed) = await KeepMembersAsync(connection, directory, [.. here.SelectMany(person => tree.GroupsOf(person).Select(group => (known[person.Id], group)))], only: null);
        await transaction.CommitAsync();
        return new(disabled, enabled, renamed, added, removed);
    }

    private static Task<KnownUser?> UpdateAsync(NpgsqlConnection connection, Guid directory, DirectoryPerson person) => connection.QuerySingleOrDefaultAsync<KnownUser>(
        $"""
            update app_user
               set display_name          = @DisplayName,
                   directory_name        = @Name,
                   enabled               = enabled or disabled_by_directory,
                   disabled_by_directory = false
             where directory_id = @directory
               and external_id  = @Id
         returning {Person}
        """, new { directory, person.Id, person.Name, person.DisplayName });

    private static Task<int> KeepGroupsAsync(NpgsqlConnection connection, Guid directory, IReadOnlyCollection<DirectoryGroup> groups) => connection.ExecuteAsync(
        """
        insert into app_group as g (group_id, name, directory_id, external_id)
        select gen_random_uuid(), t.name, @directory, t.external_id
          from unnest(@ids, @names) as t (external_id, name)
        order by t.external_id
        on conflict (directory_id, external_id) do update
           set name = excluded.name
         where g.name <> excluded.name
        """, Columns(directory, groups));

    private static object Columns(Guid directory, IEnumerable<DirectoryGroup> groups)
    {
        var distinct = groups.DistinctBy(group => group.Id).ToList();
        return new { directory, ids = distinct.Select(g => g.Id).ToArray(), names = distinct.Select(g => g.Name).ToArray() };
    }

    private static async Task<(int Added, int Removed)> KeepMembersAsync(NpgsqlConnection connection, Guid directory, IReadOnlyCollection<(Guid User, string Group)> pairs, Guid? only) =>
        await connection.QuerySingleAsync<(int, int)>(
            """
              with wanted as materialized (
                   select distinct t.user_id, g.group_id
                     from unnest(@users, @groups) as t (user_id, external_id)
                     join app_group g on g.directory_id = @directory and g.external_id = t.external_id),
                   removed as (
                   delete from group_member m
                    using app_group g
                    where g.group_id = m.group_id
                      and g.directory_id = @directory
                      and (@only::uuid is null or m.user_id = @only)
                      and not exists (select from wanted w where w.user_id = m.user_id and w.group_id = m.group_id)
                returning m.user_id),
                   added as (
                   insert into group_member (user_id, group_id)
                   select user_id, group_id from wanted
              on conflict do nothing
                returning user_id)
            select (select count(*)::int from added), (select count(*)::int from removed)
            """, new { directory, only, users = pairs.Select(p => p.User).ToArray(), groups = pairs.Select(p => p.Group).ToArray() });
}
