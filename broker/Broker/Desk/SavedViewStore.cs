using Dapper;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Desk;

/// <summary>SQL of the filters that somebody keeps by a name.</summary>
internal sealed class SavedViewStore(Database database)
{
    /// <summary>By name.</summary>
    public async Task<IReadOnlyList<(string Name, string Query)>> ListAsync(UserId user, string page, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<(string, string)>(new CommandDefinition(
            """
              select name, query
                from saved_view
               where user_id = @user
                 and page    = @page
            order by lower(name), name
            """, new { user = user.Value, page }, cancellationToken: ct))).AsList();
    }

    /// <summary>False when there are too many already and this would be another one.</summary>
    public async Task<bool> SetAsync(UserId user, string page, string name, string query, int most)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        // The person's row is locked first, so that two tabs together do not go beyond the limit: each counts what the other has left.
        await connection.ExecuteAsync("select from app_user where user_id = @user for no key update", new { user = user.Value }, transaction);
        var kept = await connection.ExecuteAsync(
            """
            insert into saved_view (user_id, page, name, query)
            select @user, @page, @name, @query
             where exists (select from saved_view where user_id = @user and page = @page and name = @name)
                or (select count(*) from saved_view where user_id = @user and page = @page) < @most
                on conflict (user_id, page, name) do update set query = excluded.query
            """, new { user = user.Value, page, name, query, most }, transaction);
        await transaction.CommitAsync();
        return kept == 1;
    }

    public async Task DeleteAsync(UserId user, string page, string name)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync("delete from saved_view where user_id = @user and page = @page and name = @name", new { user = user.Value, page, name });
    }
}
