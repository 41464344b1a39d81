using Google.Protobuf.WellKnownTypes;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Cli;

internal static class AlertCommands
{
    private const int LongestHours = 90 * 24;

    public static Command[] All { get; } =
    [
        new("alerts list", "[--resolved] [--limit n]", "alertas em aberto, ou os encerrados", "open alerts, or resolved ones", ListAsync),
        new("alerts acknowledge", "<alert>", "diz que trata do alerta", "say that you look after an alert", AcknowledgeAsync),
        new("alerts silence", "<alert> --hours n [--reason text] [--all]", "ninguém recebe mensagens dele durante n horas; --all: de todos desse tipo", "nobody gets messages of it for n hours; --all: of all of its kind", SilenceAsync),
    ];

    private static Alerts.AlertsClient Client(Invocation call) => new(call.Calls);

    private static async Task<int> ListAsync(Invocation call)
    {
        call.Line.Take(2, 0, 0);
        var s = call.Screen;
        var answer = await Client(call).ListAsync(new() { State = call.Line.Has("resolved") ? AlertState.Resolved : AlertState.Open, Limit = call.Line.Number("limit", 0) }, call.AsAdministrator);
        s.Table(answer, answer.Alerts,
            (s.Words("ALERTA", "ALERT"), a => a.AlertId),
            (s.Words("GRAVIDADE", "SEVERITY"), a => AlertTexts.Name(a.Severity, s.Culture)),
            (s.Words("DESDE", "SINCE"), a => Screen.Time(a.OpenedAt)),
            (s.Words("O QUÊ", "WHAT"), a => AlertTexts.Sentence(a, s.Culture) + (a.Detail.Length > 0 ? $" {a.Detail}" : "")),
            (s.Words("A TRATAR", "LOOKED AFTER"), a => a.AcknowledgedBy),
            (s.Words("SILENCIADO ATÉ", "SILENCED UNTIL"), a => a.SilencedUntil is null ? "" : Screen.Time(a.SilencedUntil)));
        return 0;
    }

    private static async Task<int> AcknowledgeAsync(Invocation call)
    {
        var done = await Client(call).AcknowledgeAsync(new() { AlertId = call.Line.Take(2, 1, 1)[0] }, call.AsAdministrator);
        call.Screen.Done(done, $"{done.AcknowledgedBy} trata do alerta", $"{done.AcknowledgedBy} looks after the alert");
        return 0;
    }

    private static async Task<int> SilenceAsync(Invocation call)
    {
        var id = call.Line.Take(2, 1, 1)[0];
        var hours = call.Line.Number("hours", 0);
        if (hours is 0 or > LongestHours) throw new UsageException("--hours");
        var open = await Client(call).ListAsync(new() { State = AlertState.Open, Limit = 500 }, call.AsAdministrator);
        var alert = open.Alerts.FirstOrDefault(a => a.AlertId == id) ?? throw Unknown.Object(ReasonCode.NotFound, id);
        var done = await Client(call).SilenceAsync(new()
        {
            Rule = alert.Rule, ObjectKey = call.Line.Has("all") ? "" : alert.ObjectKey, Until = Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow.AddHours(hours)), Reason = call.Line.Option("reason") ?? "",
        }, call.AsAdministrator);
        call.Screen.Done(done, $"Silenciado até {Screen.Time(done.Until)}", $"Silenced until {Screen.Time(done.Until)}");
        return 0;
    }
}
