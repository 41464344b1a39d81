using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Cli;

/// <summary>When IT is told, and how.</summary>
internal static class AlertSettingsCommands
{
    private const string Mail = "[--mail <address,...> --mail-server <host[:port]> --sender <address> [--mail-user <name>] [--tls]]";

    public static Command[] All { get; } =
    [
        new("alerts rules list", "", "regras de alerta, com o que vale em cada conjunto", "alert rules, with what holds for single pools", ListRulesAsync),
        new("alerts rules set", "<rule> [--pool <pool>] [--threshold n] [--seconds n] [--remind hours] [--severity info|warning|critical] [--state on|off]", "muda uma regra; o que não se diz fica como está", "change a rule; what is not said stays as it is", SetRuleAsync),
        new("alerts rules reset", "<rule> [--pool <pool>]", "volta ao habitual, ou ao que vale nos outros conjuntos", "back to what is usual, or to what holds elsewhere", ResetRuleAsync),
        new("alerts channels list", "", "por onde a equipa é avisada", "how the team is told", ListChannelsAsync),
        new("alerts channels add", $"<name> {Mail} [--webhook <https address>] [--authorities <file.pem>] [--least info|warning|critical] [--language pt|en] [--password-stdin]", "junta um canal, ou muda o que tem esse nome; pede o segredo", "add a channel, or change the one of that name; asks for the secret", AddChannelAsync),
        new("alerts channels test", "<channel>", "envia agora uma mensagem de teste", "send a test message now", TestChannelAsync),
        new("alerts channels remove", "<channel>", "retira um canal, com as mensagens que esperam", "remove a channel, with the messages that wait", RemoveChannelAsync),
    ];

    private static Alerts.AlertsClient Client(Invocation call) => new(call.Calls);

    private static async Task<int> ListRulesAsync(Invocation call)
    {
        call.Line.Take(3, 0, 0);
        var s = call.Screen;
        var answer = await Client(call).ListRulesAsync(new(), call.AsAdministrator);
        var pools = answer.Rules.Any(r => r.PoolId.Length > 0) ? (await new Pools.PoolsClient(call.Calls).ListAsync(new(), call.AsAdministrator)).Pools.ToDictionary(p => p.PoolId, p => p.Name) : [];
        s.Table(answer, answer.Rules,
            (s.Words("REGRA", "RULE"), r => Screen.Word(r.Rule, "alert_rule_")),
            (s.Words("CONJUNTO", "POOL"), r => r.PoolId.Length == 0 ? "" : pools.GetValueOrDefault(r.PoolId, r.PoolId)),
            (s.Words("LIGADA", "ON"), r => r.Enabled ? s.Words("sim", "yes") : s.Words("não", "no")),
            (s.Words("LIMITE", "THRESHOLD"), r => r.Unit == AlertUnit.Unspecified ? "" : FormattableString.Invariant($"{r.Threshold:0.##} {Screen.Word(r.Unit, "alert_unit_")}")),
            (s.Words("DURANTE s", "FOR s"), r => $"{r.ForSeconds}"),
            (s.Words("REPETE h", "AGAIN h"), r => r.RemindHours == 0 ? "" : $"{r.RemindHours}"),
            (s.Words("GRAVIDADE", "SEVERITY"), r => AlertTexts.Name(r.Severity, s.Culture)),
            (s.Words("MUDADA", "CHANGED"), r => r.Changed ? s.Words("sim", "yes") : ""));
        return 0;
    }

    private static async Task<int> SetRuleAsync(Invocation call)
    {
        var (rule, pool) = await NamedAsync(call);
        var rules = (await Client(call).ListRulesAsync(new(), call.AsAdministrator)).Rules;
        // A pool without a setting of its own begins with what holds for it now.
        var setting = (rules.FirstOrDefault(r => r.Rule == rule && r.PoolId == pool) ?? rules.First(r => r.Rule == rule && r.PoolId.Length == 0)).Clone();
        setting.PoolId = pool;
        if (call.Line.Option("threshold") is { } threshold) setting.Threshold = double.TryParse(threshold, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : throw new UsageException($"--threshold {threshold}");
        setting.ForSeconds = call.Line.Number("seconds", setting.ForSeconds);
        setting.RemindHours = call.Line.Number("remind", setting.RemindHours);
        if (call.Line.Option("severity") is { } severity) setting.Severity = SeverityOf(severity, "severity");
        if (call.Line.Option("state") is { } state) setting.Enabled = state switch { "on" => true, "off" => false, _ => throw new UsageException($"--state {state}") };
        var done = await Client(call).SetRuleAsync(setting, call.AsAdministrator);
        call.Screen.Done(done, $"Regra {Screen.Word(rule, "alert_rule_")} guardada", $"Rule {Screen.Word(rule, "alert_rule_")} saved");
        return 0;
    }

    private static async Task<int> ResetRuleAsync(Invocation call)
    {
        var (rule, pool) = await NamedAsync(call);
        var done = await Client(call).ResetRuleAsync(new() { Rule = rule, PoolId = pool }, call.AsAdministrator);
        call.Screen.Done(done, $"Regra {Screen.Word(rule, "alert_rule_")} como é habitual", $"Rule {Screen.Word(rule, "alert_rule_")} as usual");
        return 0;
    }

    private static async Task<int> ListChannelsAsync(Invocation call)
    {
        call.Line.Take(3, 0, 0);
        var s = call.Screen;
        var answer = await Client(call).ListChannelsAsync(new(), call.AsAdministrator);
        s.Table(answer, answer.Channels,
            (s.Words("CANAL", "CHANNEL"), c => c.Name),
            (s.Words("PARA", "TO"), c => c.Kind == AlertChannelKind.Mail ? string.Join(", ", c.Recipients) : c.Url),
            (s.Words("DESDE", "FROM"), c => AlertTexts.Name(c.LeastSeverity, s.Culture)),
            (s.Words("ENVIADO", "SENT"), c => Screen.Time(c.SentAt)),
            (s.Words("À ESPERA", "WAITING"), c => $"{c.Waiting}"),
            (s.Words("ERRO", "ERROR"), c => c.Error));
        return 0;
    }

    private static async Task<int> AddChannelAsync(Invocation call)
    {
        var (line, name) = (call.Line, call.Line.Take(3, 1, 1)[0]);
        if (line.Has("mail") == line.Has("webhook")) throw new UsageException("--mail | --webhook");
        var before = (await Client(call).ListChannelsAsync(new(), call.AsAdministrator)).Channels.FirstOrDefault(c => string.Equals(c.Name, name, StringComparison.OrdinalIgnoreCase));
        var channel = new AlertChannel
        {
            ChannelId = before?.ChannelId ?? "", Name = name, Disabled = before?.Disabled ?? false, LeastSeverity = SeverityOf(line.Option("least") ?? "warning", "least"), Language = line.Option("language") ?? call.Screen.Words("pt", "en"),
            Kind = line.Has("mail") ? AlertChannelKind.Mail : AlertChannelKind.Webhook, Url = line.Option("webhook") ?? "", Server = line.Option("mail-server") ?? "", Sender = line.Option("sender") ?? "", UserName = line.Option("mail-user") ?? "", Tls = line.Has("tls"),
            Recipients = { line.Option("mail")?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [] },
            Authorities = line.Option("authorities") is { } file ? File.Exists(file) ? await File.ReadAllTextAsync(file, call.Ct) : throw new UsageException($"--authorities {file}") : "",
        };
        // Mail that is sent without signing in has no secret.
        var secret = channel.Kind == AlertChannelKind.Mail && channel.UserName.Length == 0 ? "" : call.Password();
        var saved = await Client(call).SaveChannelAsync(new() { Channel = channel, Secret = secret }, call.AsAdministrator);
        call.Screen.Done(saved, $"Canal {saved.Name} guardado", $"Channel {saved.Name} saved");
        return 0;
    }

    private static async Task<int> TestChannelAsync(Invocation call)
    {
        var channel = await ChannelAsync(call);
        var answer = await Client(call).TestChannelAsync(new() { ChannelId = channel.ChannelId }, call.AsAdministrator);
        call.Screen.Done(answer, answer.Problem.Length == 0 ? $"Mensagem entregue por {channel.Name}" : answer.Problem, answer.Problem.Length == 0 ? $"Message taken by {channel.Name}" : answer.Problem);
        return answer.Problem.Length == 0 ? 0 : 1;
    }

    private static async Task<int> RemoveChannelAsync(Invocation call)
    {
        var channel = await ChannelAsync(call);
        var gone = await Client(call).RemoveChannelAsync(new() { ChannelId = channel.ChannelId }, call.AsAdministrator);
        call.Screen.Done(gone, $"Canal {channel.Name} retirado", $"Channel {channel.Name} is gone");
        return 0;
    }

    private static async Task<AlertChannel> ChannelAsync(Invocation call)
    {
        var name = call.Line.Take(3, 1, 1)[0];
        return (await Client(call).ListChannelsAsync(new(), call.AsAdministrator)).Channels.FirstOrDefault(c => c.ChannelId == name || string.Equals(c.Name, name, StringComparison.OrdinalIgnoreCase)) ?? throw Unknown.Object(ReasonCode.NotFound, name);
    }

    private static async Task<(AlertRule Rule, string Pool)> NamedAsync(Invocation call)
    {
        var name = call.Line.Take(3, 1, 1)[0];
        var rule = System.Enum.GetValues<AlertRule>().FirstOrDefault(r => r != AlertRule.Unspecified && Screen.Word(r, "alert_rule_") == name.Replace('-', '_'));
        if (rule == AlertRule.Unspecified) throw new UsageException(name);
        return (rule, call.Line.Option("pool") is { } pool ? (await PoolCommands.FindAsync(call, pool)).PoolId : "");
    }

    private static AlertSeverity SeverityOf(string word, string option) => word switch
    {
        "info" => AlertSeverity.Info,
        "warning" => AlertSeverity.Warning,
        "critical" => AlertSeverity.Critical,
        _ => throw new UsageException($"--{option} {word}"),
    };
}
