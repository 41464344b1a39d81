using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using Contract = Montalegre.Vdi.Contracts.Admin.V1;
using LogOffAction = Montalegre.Vdi.Domain.LogOffAction;
using PoolKind = Montalegre.Vdi.Domain.PoolKind;

namespace Montalegre.Vdi.Broker.Pools;

/// <summary>What an administrator asks for of a pool's sessions; null leaves a value as it is. Zero minutes: never; zero sessions: any number.</summary>
internal sealed record PoolRules(int? IdleMinutes, int? DisconnectedMinutes, int? EmptyMinutes, LogOffAction? AfterLogOff, string? MessageOfTheDay, string? WayIn, int? MostSessions, string? RightLost, string? CardRemoval)
{
    public static readonly PoolRules Unchanged = new(null, null, null, null, null, null, null, null, null);

    /// <summary>Bad input is refused by field.</summary>
    public static PoolRules Read(SessionRules? rules) => rules is null ? Unchanged : new(
        rules.HasIdleMinutes ? Number(rules.IdleMinutes, 10080, "idle_minutes") : null,
        rules.HasDisconnectedMinutes ? Number(rules.DisconnectedMinutes, 43200, "disconnected_minutes") : null,
        rules.HasEmptyMinutes ? Number(rules.EmptyMinutes, 1440, "empty_minutes") : null,
        rules.LogOffAction switch
        {
            Contract.LogOffAction.Refresh => LogOffAction.Refresh,
            Contract.LogOffAction.Delete => LogOffAction.Delete,
            Contract.LogOffAction.Keep => LogOffAction.Keep,
            _ => null,
        },
        rules.HasMessageOfTheDay ? Message(rules.MessageOfTheDay) : null,
        rules.WayIn switch { Contract.WayIn.Client => "client", Contract.WayIn.Browser => "browser", _ => null },
        rules.HasMostSessions ? Number(rules.MostSessions, 100_000, "most_sessions") : null,
        rules.RightLost switch { Contract.RightLost.Keep => "keep", Contract.RightLost.Disconnect => "disconnect", Contract.RightLost.LogOff => "log_off", _ => null },
        rules.CardRemoval switch { Contract.CardRemoval.Nothing => "nothing", Contract.CardRemoval.Disconnect => "disconnect", Contract.CardRemoval.Lock => "lock", _ => null });

    /// <summary>For a new pool: what was left out has its default, and what its kind does not allow is refused.</summary>
    public PoolRules For(PoolKind kind)
    {
        var action = AfterLogOff ?? LogOffActions.DefaultOf(kind);
        return action.Fits(kind) ? this with { EmptyMinutes = EmptyMinutes ?? 5, AfterLogOff = action } : throw Unfit();
    }

    /// <summary>The refusal of an action that the pool's kind does not allow.</summary>
    public static Exception Unfit() =>
        Refusal.Refused(RefusalReason.InvalidField, "log_off_action: a floating pool refreshes or deletes, a dedicated or manual one keeps");

    /// <summary>As the contract shows them: every field is set.</summary>
    public static SessionRules Show(PoolRow row) => new()
    {
        IdleMinutes = (uint)(row.IdleMinutes ?? 0), DisconnectedMinutes = (uint)(row.DisconnectedMinutes ?? 0), EmptyMinutes = (uint)(row.EmptyMinutes ?? 0),
        LogOffAction = SqlText.Parse<LogOffAction>(row.AfterLogOff) switch
        {
            LogOffAction.Refresh => Contract.LogOffAction.Refresh,
            LogOffAction.Delete => Contract.LogOffAction.Delete,
            _ => Contract.LogOffAction.Keep,
        },
        MessageOfTheDay = row.MessageOfTheDay, WayIn = row.WayIn == "browser" ? Contract.WayIn.Browser : Contract.WayIn.Client, MostSessions = (uint)(row.MostSessions ?? 0),
        RightLost = row.RightLost switch { "keep" => Contract.RightLost.Keep, "log_off" => Contract.RightLost.LogOff, _ => Contract.RightLost.Disconnect },
        CardRemoval = row.CardRemoval switch { "lock" => Contract.CardRemoval.Lock, "disconnect" => Contract.CardRemoval.Disconnect, _ => Contract.CardRemoval.Nothing },
    };

    private static string Message(string text) =>
        text.Trim().Length <= 500 ? text.Trim() : throw Refusal.Refused(RefusalReason.InvalidField, "message_of_the_day: at most 500 characters");

    private static int Number(uint number, uint most, string field) =>
        number <= most ? (int)number : throw Refusal.Refused(RefusalReason.InvalidField, $"{field}: 0 to {most}");
}
