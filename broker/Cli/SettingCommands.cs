using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Cli;

/// <summary>Settings of the whole installation.</summary>
internal static class SettingCommands
{
    public static Command[] All { get; } =
    [
        new("settings list", "[words] [--csv]", "definições da instalação, com o valor em vigor e de onde vem", "settings of the installation, with the value in force and where it comes from", ListAsync),
        new("settings set", "<key> <value> [<key> <value>...]", "muda definições, todas juntas ou nenhuma; valem logo", "change settings, all together or none; they hold at once", SetAsync),
        new("settings reset", "<key> [<key>...]", "volta ao valor predefinido", "back to the default", ResetAsync),
        new("settings history", "[<key>] [--limit n] [--csv]", "quem mudou o quê, e quando", "who changed what, and when", HistoryAsync),
    ];

    private static Settings.SettingsClient Client(Invocation call) => new(call.Calls);

    private static async Task<int> ListAsync(Invocation call)
    {
        var words = call.Line.Take(2, 0, 1).FirstOrDefault() ?? "";
        var s = call.Screen;
        var answer = await Client(call).ListAsync(new(), call.AsAdministrator);
        s.Table(answer, answer.Settings.Where(one => one.Key.Contains(words, StringComparison.OrdinalIgnoreCase) || SettingTexts.Name(one.Key, s.Culture).Contains(words, StringComparison.CurrentCultureIgnoreCase)),
            (s.Words("DEFINIÇÃO", "SETTING"), one => one.Key),
            (s.Words("VALOR", "VALUE"), one => $"{one.Value}{(one.Unit == SettingUnit.Unspecified ? "" : " " + SettingTexts.Unit(one.Unit, s.Culture))}"),
            (s.Words("PREDEFINIÇÃO", "DEFAULT"), one => one.DefaultValue),
            (s.Words("INTERVALO", "RANGE"), one => SettingTexts.Range(one, s.Culture)),
            (s.Words("VEM DE", "FROM"), one => one.SetIn.Length > 0 ? one.SetIn : one.Source == SettingSource.Console ? s.Words($"consola ({one.ChangedBy})", $"console ({one.ChangedBy})") : ""),
            (s.Words("NOME", "NAME"), one => SettingTexts.Name(one.Key, s.Culture)));
        foreach (var one in answer.Settings.Where(one => one.StoredProblem.Length > 0))
            s.Say($"{one.Key}: o valor guardado não está em vigor: {one.StoredProblem}", $"{one.Key}: the stored value is not in force: {one.StoredProblem}");
        return 0;
    }

    private static Task<int> SetAsync(Invocation call)
    {
        var words = call.Line.Take(2, 2, 200);
        if (words.Length % 2 != 0) throw new UsageException(words[^1]);
        return ChangeAsync(call, words.Chunk(2).Select(pair => new SettingChange { Key = pair[0], Value = pair[1] }));
    }

    private static Task<int> ResetAsync(Invocation call) => ChangeAsync(call, call.Line.Take(2, 1, 100).Select(key => new SettingChange { Key = key }));

    private static async Task<int> ChangeAsync(Invocation call, IEnumerable<SettingChange> changes)
    {
        var before = await Client(call).ListAsync(new(), call.AsAdministrator);
        var request = new ChangeSettingsRequest { Changes = { changes }, ExpectedVersion = before.Version };
        var after = await Client(call).ChangeAsync(request, call.AsAdministrator);
        if (call.Screen.Json) call.Screen.Message(after);
        else
            foreach (var change in request.Changes)
                if (after.Settings.FirstOrDefault(one => string.Equals(one.Key, change.Key, StringComparison.OrdinalIgnoreCase)) is { } now) call.Screen.Result($"{now.Key}: {now.Value} {SettingTexts.Unit(now.Unit, call.Screen.Culture)}".TrimEnd());
        return 0;
    }

    private static async Task<int> HistoryAsync(Invocation call)
    {
        var key = call.Line.Take(2, 0, 1).FirstOrDefault() ?? "";
        var s = call.Screen;
        if (key.Length > 0 && !SettingTexts.Keys.Contains(key, StringComparer.OrdinalIgnoreCase)) throw Unknown.Object(ReasonCode.NotFound, key);
        var answer = await Client(call).HistoryAsync(new() { Key = key, Limit = call.Line.Number("limit", 0) }, call.AsAdministrator);
        var usual = s.Words("predefinição", "default");
        s.Table(answer, answer.Entries,
            (s.Words("QUANDO", "WHEN"), one => Screen.Time(one.At)),
            (s.Words("QUEM", "WHO"), one => one.Actor),
            (s.Words("DEFINIÇÃO", "SETTING"), one => one.Key),
            (s.Words("DE", "FROM"), one => one.HasBefore ? one.Before : usual),
            (s.Words("PARA", "TO"), one => one.HasAfter ? one.After : usual));
        return 0;
    }
}
