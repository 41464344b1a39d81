using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Assistance;

/// <summary>What came of a question.</summary>
internal abstract record AskOutcome
{
    private AskOutcome() { }

    public sealed record Asked(AssistanceId Assistance) : AskOutcome;

    public sealed record Refused(RefusalReason Reason, string Detail = "") : AskOutcome;
}

/// <summary>Puts the question on the screen of the person whose session it is, if that can be and nobody else has one there.</summary>
internal sealed class AskForAssistance(AssistanceStore store, ChangePump pump, IOptions<AssistanceOptions> options, TimeProvider time, ILogger<AskForAssistance> log)
{
    private const int ShortestReason = 3;
    private const int LongestReason = 200;

    public async Task<AskOutcome> RunAsync(SessionId session, bool control, string reason, Caller by)
    {
        var why = Bounded.Text(reason.Trim(), LongestReason + 1);
        if (why.Length is < ShortestReason or > LongestReason) return new AskOutcome.Refused(RefusalReason.InvalidField, $"reason: {ShortestReason} to {LongestReason} characters");
        var id = new AssistanceId(Guid.CreateVersion7(time.GetUtcNow()));
        var shown = by.DisplayName.Length > 0 ? by.DisplayName : by.UserName;
        var asked = await store.AskAsync(
            new(id, session, by.User, by.UserName, Bounded.Text(shown, 100), Convert.FromHexString(by.SignIn), control, why, by.SourceAddress), options.Value.AnswerWithin);
        if (asked is null) return new AskOutcome.Refused(RefusalReason.NotFound, "session");
        log.AssistanceAsked(by.UserName, session, control, asked.Refused ?? "ok");
        pump.Ring();
        return asked.Refused is { } refused ? new AskOutcome.Refused(Reason(refused)) : new AskOutcome.Asked(id);
    }

    private static RefusalReason Reason(string name) =>
        Enum.GetValues<RefusalReason>().First(reason => ReasonTexts.Name((ReasonCode)(int)reason) == name);
}
