using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Assistance;

/// <summary>An assistance as the person whose desktop it was reads of it; times in UTC.</summary>
internal sealed record OwnAssistanceRow(
    Guid AssistanceId, string Desktop, string Who, bool Control, string Reason, string State, DateTime AskedAt, DateTime? AnsweredAt, DateTime? BeganAt, DateTime? EndedAt);

/// <summary>Who looked at a person's desktops, when and why: for that person alone.</summary>
internal sealed class OwnAssistances(Database database)
{
    private const int Most = 200;

    /// <summary>Newest first, also those of sessions that ended.</summary>
    public Task<List<OwnAssistanceRow>> ListAsync(Caller caller) => database.RepeatableAsync(async (connection, _) =>
        (await connection.QueryAsync<OwnAssistanceRow>("""
            select a.assistance_id, p.name as desktop, a.shown_name as who, a.control, a.reason, a.state, a.asked_at, a.answered_at, a.began_at, a.ended_at
              from session s
              join assistance a using (session_id)
              join pool p using (pool_id)
             where s.user_id = @user
             order by a.asked_at desc
             limit @Most
            """, new { user = caller.User.Value, Most })).AsList());
}
