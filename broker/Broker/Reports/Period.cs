using Google.Protobuf.WellKnownTypes;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Reports;

/// <summary>A time that a report is about: from its first moment to before its last.</summary>
internal readonly record struct Period(DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>What was asked for, where it makes sense; otherwise a refusal that names the field.</summary>
    public static Period Of(Timestamp? from, Timestamp? to, DateTimeOffset now, int usualDays, int mostDays)
    {
        var until = to?.ToDateTimeOffset() ?? now;
        var since = from?.ToDateTimeOffset() ?? until.AddDays(-usualDays);
        if (until <= since) throw Refusal.Refused(RefusalReason.InvalidField, "to: after from");
        return until - since <= TimeSpan.FromDays(mostDays + 1) ? new(since, until) : throw Refusal.Refused(RefusalReason.InvalidField, $"from: at most {mostDays} days before to");
    }
}
