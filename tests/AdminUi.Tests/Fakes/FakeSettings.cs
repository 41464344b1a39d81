using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.AdminUi.Tests.Fakes;

/// <summary>Some settings of each kind, and what was changed of them.</summary>
internal sealed class FakeSettingValues
{
    public List<Setting> All { get; } =
    [
        Whole("Identity:FreeAttemptsPerAccount", SettingSection.SignIn, "5", 1, 100),
        Whole("Identity:FreeAttemptsPerSource", SettingSection.SignIn, "30", 1, 10_000),
        Number("Identity:EmployeeLifetime", SettingSection.SignIn, SettingUnit.Hours, "8", 0.25, 720),
        Fixed(Number("Identity:AdministratorLifetime", SettingSection.SignIn, SettingUnit.Hours, "12", 0.25, 168), "4", SettingSource.Environment, "MONTALEGRE_Identity__AdministratorLifetime"),
        With(Number("Launch:TicketLifetime", SettingSection.Launch, SettingUnit.Seconds, "30", 5, 60), s => s.AtMostKey = "Launch:FileTicketLifetime"),
        With(Number("Launch:FileTicketLifetime", SettingSection.Launch, SettingUnit.Seconds, "60", 5, 300), s => s.AtLeastKey = "Launch:TicketLifetime"),
        Number("Launch:LongestWait", SettingSection.Launch, SettingUnit.Minutes, "20", 1, 240),
        With(Number("Wake:GiveUpAfter", SettingSection.Wake, SettingUnit.Minutes, "5", 0.5, 60), s => (s.StoredValue, s.StoredProblem, s.ChangedBy, s.ChangedAt) = ("90", "Wake:GiveUpAfter is 01:30:00; use less.", "rui.costa", At(40))),
        Text("Alerts:ConsoleAddress", SettingSection.Alerts),
        With(Number("Energy:UsedShare", SettingSection.Energy, SettingUnit.Percent, "30", 0, 100), s => (s.Value, s.Source, s.StoredValue, s.ChangedBy, s.ChangedAt) = ("12.5", SettingSource.Console, "12.5", "rita", At(9))),
        With(Text("Hosting:StateDirectory", SettingSection.Files), s => (s.Value, s.DefaultValue, s.Locked) = ("/var/lib/montalegre-broker", "/var/lib/montalegre-broker", true)),
    ];

    public List<SettingHistoryEntry> History { get; } =
        [new() { Key = "Energy:UsedShare", At = At(9), Actor = "rita", After = "12.5" }, new() { Key = "Wake:GiveUpAfter", At = At(40), Actor = "rui.costa", Before = "30", After = "90" }];

    public Dictionary<string, ulong> Versions { get; } = [];

    public ulong Version { get; set; } = 7;

    /// <summary>Somebody who is quicker: runs once, when the next change has arrived.</summary>
    public Action? JustBefore { get; set; }

    public Setting Of(string key) => All.Single(s => s.Key == key);

    /// <summary>As if somebody else had done it on another page.</summary>
    public void Set(string key, string? value, string by)
    {
        var setting = Of(key);
        var before = setting.HasStoredValue ? setting.StoredValue : null;
        (setting.Value, setting.Source, setting.StoredProblem, setting.ChangedBy, setting.ChangedAt) = (value ?? setting.DefaultValue, value is null ? SettingSource.Default : SettingSource.Console, "", by, DateTimeOffset.UtcNow.ToTimestamp());
        if (value is null) setting.ClearStoredValue();
        else setting.StoredValue = value;
        Versions[key] = ++Version;
        var entry = new SettingHistoryEntry { Key = key, Actor = by, At = setting.ChangedAt };
        if (before is not null) entry.Before = before;
        if (value is not null) entry.After = value;
        History.Insert(0, entry);
    }

    private static Timestamp At(int daysAgo) => DateTimeOffset.UtcNow.AddDays(-daysAgo).ToTimestamp();

    private static Setting Whole(string key, SettingSection section, string usual, double lowest, double highest) => With(Number(key, section, SettingUnit.Unspecified, usual, lowest, highest), s => s.Kind = SettingKind.Whole);

    private static Setting Number(string key, SettingSection section, SettingUnit unit, string usual, double lowest, double highest) =>
        new() { Key = key, Section = section, Kind = SettingKind.Number, Unit = unit, Value = usual, DefaultValue = usual, Lowest = lowest, Highest = highest, Source = SettingSource.Default };

    private static Setting Text(string key, SettingSection section) => new() { Key = key, Section = section, Kind = SettingKind.Text, Source = SettingSource.Default };

    private static Setting Fixed(Setting setting, string value, SettingSource source, string name) => With(setting, s => (s.Value, s.Source, s.SetIn, s.Locked) = (value, source, name, true));

    private static Setting With(Setting setting, Action<Setting> change)
    {
        change(setting);
        return setting;
    }
}

/// <summary>Settings of the fake broker: judged by their ranges, refused as the real one refuses.</summary>
internal sealed class FakeSettings(FakeWorld world) : Settings.SettingsBase
{
    public override Task<ListSettingsResponse> List(ListSettingsRequest request, ServerCallContext context)
    {
        world.Demand(context);
        return Task.FromResult(new ListSettingsResponse { Settings = { world.Settings.All.Select(s => s.Clone()) }, Version = world.Settings.Version });
    }

    public override Task<ListSettingsResponse> Change(ChangeSettingsRequest request, ServerCallContext context)
    {
        world.Demand(context);
        world.Settings.JustBefore?.Invoke();
        world.Settings.JustBefore = null;
        var lost = request.Changes.Where(c => world.Settings.Versions.GetValueOrDefault(c.Key) > request.ExpectedVersion).Select(c => (c.Key, "CHANGED")).ToList();
        if (lost.Count > 0) throw Refuse(StatusCode.Aborted, ReasonCode.SettingChanged, lost);
        var wrong = request.Changes.Select(c => (c.Key, Fault(request, c))).Where(c => c.Item2 is not null).Select(c => (c.Key, c.Item2!)).ToList();
        if (wrong.Count > 0) throw Refuse(StatusCode.InvalidArgument, ReasonCode.SettingInvalid, wrong);
        foreach (var change in request.Changes) world.Settings.Set(change.Key, change.HasValue ? change.Value : null, "rita");
        return List(new(), context);
    }

    public override Task<SettingHistoryResponse> History(SettingHistoryRequest request, ServerCallContext context)
    {
        world.Demand(context);
        return Task.FromResult(new SettingHistoryResponse { Entries = { world.Settings.History.Where(h => request.Key is "" || h.Key == request.Key) } });
    }

    private string? Fault(ChangeSettingsRequest request, SettingChange change)
    {
        var setting = world.Settings.Of(change.Key);
        if (!change.HasValue) return null;
        if (setting.Kind is SettingKind.Text) return change.Value.StartsWith("https://", StringComparison.Ordinal) ? null : "INVALID";
        var number = double.Parse(change.Value, CultureInfo.InvariantCulture);
        if (number < setting.Lowest || number > setting.Highest) return "OUT_OF_RANGE";
        double Wanted(string key) => double.Parse(request.Changes.FirstOrDefault(c => c.Key == key)?.Value ?? world.Settings.Of(key).Value, CultureInfo.InvariantCulture);
        if (setting.AtLeastKey.Length > 0 && number < Wanted(setting.AtLeastKey)) return "LESS_THAN_OTHER";
        return setting.AtMostKey.Length > 0 && request.Changes.All(c => c.Key != setting.AtMostKey) && number > Wanted(setting.AtMostKey) ? "MORE_THAN_OTHER" : null;
    }

    private static RpcException Refuse(StatusCode code, ReasonCode reason, IEnumerable<(string Key, string Fault)> fields)
    {
        var rich = new Google.Rpc.Status { Code = (int)code, Details = { Any.Pack(new BadRequest { FieldViolations = { fields.Select(f => new BadRequest.Types.FieldViolation { Field = f.Key, Reason = f.Fault, Description = "In English." }) } }) } };
        return new(new Grpc.Core.Status(code, ""), new Metadata { { "reason", ReasonTexts.Name(reason) }, { "grpc-status-details-bin", rich.ToByteArray() } });
    }
}
