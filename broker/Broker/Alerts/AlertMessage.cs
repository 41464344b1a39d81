using System.Globalization;
using System.Text;
using System.Text.Json;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Alerts;

/// <summary>What a message tells of an alert.</summary>
internal enum AlertNews { Opened, Reminded, Resolved }

/// <summary>One message to a channel: its identifier, and what it tells. Nothing to tell: it is a test.</summary>
internal sealed record AlertMessage(Guid Id, IReadOnlyList<(Alert Alert, AlertNews News)> Alerts, Uri? Console)
{
    /// <summary>Objects that a mail names of one kind; the page of alerts has all.</summary>
    private const int MostNamed = 20;

    /// <summary>Alerts that a webhook gets in one message.</summary>
    private const int MostTold = 500;

    public bool IsTest => Alerts.Count == 0;

    /// <summary>The gravest kind of alert, how many, and whether there are other kinds.</summary>
    public string Subject(CultureInfo culture)
    {
        var pt = AlertTexts.IsPortuguese(culture);
        if (IsTest) return pt ? "Montalegre VDI: mensagem de teste" : "Montalegre VDI: test message";
        var kinds = Kinds();
        var first = kinds[0];
        var what = AlertTexts.Name(first.Rule, culture) + (first.Alerts.Count == 1 ? first.Alerts[0].ObjectName is "" ? "" : $" ({first.Alerts[0].ObjectName})" : $" ({first.Alerts.Count})");
        return $"Montalegre VDI: {Word(first.News, first.Alerts[0].Severity, culture)}: {what}{(kinds.Count == 1 ? "" : pt ? $" e mais {kinds.Count - 1}" : $" and {kinds.Count - 1} more")}";
    }

    /// <summary>The text of a mail: by kind, each with what to do.</summary>
    public string Text(CultureInfo culture, TimeZoneInfo zone)
    {
        var pt = AlertTexts.IsPortuguese(culture);
        if (IsTest) return pt ? "Este canal de alertas funciona. Não é preciso fazer nada.\n" : "This channel for alerts works. There is nothing to do.\n";
        var text = new StringBuilder();
        foreach (var (news, rule, alerts) in Kinds())
        {
            var resolved = news is AlertNews.Resolved;
            var head = AlertTexts.Name(rule, culture);
            text.Append(Word(news, alerts[0].Severity, culture)).Append(": ").Append(head);
            if (alerts.Count > 1) text.Append(culture, $" ({alerts.Count})");
            text.Append('\n');
            if (news is AlertNews.Reminded) text.Append(pt ? "Continua em aberto desde então, e ninguém disse que trata disto.\n" : "It has been open since then, and nobody has said that he looks after it.\n");
            foreach (var alert in alerts.Take(MostNamed))
            {
                var at = TimeZoneInfo.ConvertTime((resolved ? alert.ResolvedAt ?? alert.OpenedAt : alert.OpenedAt).ToDateTimeOffset(), zone).ToString("dd/MM/yyyy HH:mm", CultureInfo.InvariantCulture);
                text.Append("- ").Append(at).Append(": ").Append(resolved ? alert.ObjectName is "" ? head : alert.ObjectName : AlertTexts.Sentence(alert, culture)).Append('\n');
                if (!resolved && alert.Detail.Length > 0) text.Append("  ").Append(OneLine(alert.Detail)).Append('\n');
                if (!resolved && Console is not null && alerts.Count == 1) text.Append("  ").Append(new Uri(Console, AlertTexts.PathOf(alert))).Append('\n');
            }
            if (alerts.Count > MostNamed) text.Append(culture, $"- {(pt ? "e mais" : "and")} {alerts.Count - MostNamed}{(pt ? "" : " more")}\n");
            if (!resolved) text.Append(AlertTexts.Help(rule, culture)).Append('\n');
            text.Append('\n');
        }
        if (Console is not null) text.Append(pt ? "Todos os alertas: " : "All alerts: ").Append(new Uri(Console, "/alerts")).Append('\n');
        return text.ToString();
    }

    /// <summary>What a webhook gets, in UTF-8.</summary>
    public byte[] Json(CultureInfo culture, DateTimeOffset at)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("id", Id);
            json.WriteString("kind", IsTest ? "test" : "alerts");
            json.WriteString("sent_at", at);
            json.WriteString("subject", Subject(culture));
            json.WriteNumber("count", Alerts.Count);
            json.WriteStartArray("alerts");
            foreach (var (alert, news) in Alerts.Take(MostTold)) Write(json, alert, news, culture);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return bytes.ToArray();
    }

    private void Write(Utf8JsonWriter json, Alert alert, AlertNews news, CultureInfo culture)
    {
        json.WriteStartObject();
        json.WriteString("alert_id", alert.AlertId);
        json.WriteString("what", SqlText.Of(news));
        json.WriteString("rule", JsonNamingPolicy.SnakeCaseLower.ConvertName(alert.Rule.ToString()));
        json.WriteString("severity", JsonNamingPolicy.SnakeCaseLower.ConvertName(alert.Severity.ToString()));
        json.WriteString("object_kind", alert.ObjectKind);
        json.WriteString("object_key", alert.ObjectKey);
        json.WriteString("object_name", alert.ObjectName);
        if (alert.PoolId.Length > 0) json.WriteString("pool_id", alert.PoolId);
        json.WriteNumber("value", Math.Round(alert.Value, 1));
        if (AlertTexts.UnitOf(alert.Rule) is not AlertUnit.Unspecified) json.WriteNumber("threshold", alert.Threshold);
        json.WriteString("detail", alert.Detail);
        json.WriteString("opened_at", alert.OpenedAt.ToDateTimeOffset());
        if (alert.ResolvedAt is { } at) json.WriteString("resolved_at", at.ToDateTimeOffset());
        json.WriteString("text", AlertTexts.Sentence(alert, culture));
        json.WriteString("help", AlertTexts.Help(alert.Rule, culture));
        if (Console is not null) json.WriteString("url", new Uri(Console, AlertTexts.PathOf(alert)).ToString());
        json.WriteEndObject();
    }

    private static string Word(AlertNews news, AlertSeverity severity, CultureInfo culture)
    {
        var (pt, grave) = (AlertTexts.IsPortuguese(culture), AlertTexts.Name(severity, culture));
        return news switch
        {
            AlertNews.Resolved => pt ? "Resolvido" : "Resolved",
            AlertNews.Reminded => $"{(pt ? "Lembrete" : "Reminder")}: {grave}",
            _ => grave,
        };
    }

    private List<(AlertNews News, AlertRule Rule, List<Alert> Alerts)> Kinds() =>
        [.. Alerts.GroupBy(a => (a.News, a.Alert.Rule, a.Alert.Severity)).Select(g => (g.Key.News, g.Key.Rule, g.Select(a => a.Alert).ToList()))];

    private static string OneLine(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
