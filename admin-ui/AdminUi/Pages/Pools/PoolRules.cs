using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Pages.Pools;

/// <summary>What a form says of a pool's sessions while it is being changed. Minutes; 0 for never.</summary>
public sealed class PoolRules
{
    public int Idle { get; set; }
    public int Disconnected { get; set; }
    public int Empty { get; set; } = 5;
    public LogOffAction LogOffAction { get; set; } = LogOffAction.Refresh;

    public string MessageOfTheDay { get; set; } = "";
    public WayIn WayIn { get; set; } = WayIn.Client;

    public RightLost RightLost { get; set; } = RightLost.Disconnect;

    public CardRemoval CardRemoval { get; set; } = CardRemoval.Nothing;

    /// <summary>0 for any number.</summary>
    public int MostSessions { get; set; }

    public static PoolRules Of(SessionRules rules) => new()
    {
        Idle = (int)rules.IdleMinutes, Disconnected = (int)rules.DisconnectedMinutes, Empty = (int)rules.EmptyMinutes, LogOffAction = rules.LogOffAction,
        MessageOfTheDay = rules.MessageOfTheDay, WayIn = rules.WayIn, MostSessions = (int)rules.MostSessions,
        RightLost = rules.RightLost,
        CardRemoval = rules.CardRemoval is CardRemoval.Unspecified ? CardRemoval.Nothing : rules.CardRemoval,
    };

    /// <summary>Everything, for a new pool. What its kind does at a logoff is only said where there is a choice.</summary>
    public SessionRules ToRules(PoolKind kind)
    {
        var rules = new SessionRules { IdleMinutes = (uint)Idle, DisconnectedMinutes = (uint)Disconnected, EmptyMinutes = (uint)Empty, MessageOfTheDay = MessageOfTheDay.Trim(), WayIn = WayIn, MostSessions = (uint)MostSessions, RightLost = RightLost, CardRemoval = CardRemoval };
        if (kind is PoolKind.Floating or PoolKind.MultiSession) rules.LogOffAction = LogOffAction;
        return rules;
    }

    /// <summary>Only what differs, so that two who edit different fields do not undo each other; null for nothing.</summary>
    public SessionRules? ChangesOf(SessionRules before)
    {
        var changes = new SessionRules();
        if (Idle != before.IdleMinutes) changes.IdleMinutes = (uint)Idle;
        if (Disconnected != before.DisconnectedMinutes) changes.DisconnectedMinutes = (uint)Disconnected;
        if (Empty != before.EmptyMinutes) changes.EmptyMinutes = (uint)Empty;
        if (LogOffAction != before.LogOffAction) changes.LogOffAction = LogOffAction;
        if (MessageOfTheDay.Trim() != before.MessageOfTheDay) changes.MessageOfTheDay = MessageOfTheDay.Trim();
        if (WayIn != before.WayIn) changes.WayIn = WayIn;
        if (MostSessions != before.MostSessions) changes.MostSessions = (uint)MostSessions;
        if (RightLost != before.RightLost) changes.RightLost = RightLost;
        if (CardRemoval != (before.CardRemoval is CardRemoval.Unspecified ? CardRemoval.Nothing : before.CardRemoval)) changes.CardRemoval = CardRemoval;
        return changes.CalculateSize() == 0 ? null : changes;
    }
}
