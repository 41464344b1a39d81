using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Words;

// Settings of the whole installation. Their names and sentences stand beside the contract, where the command line has them, too.
internal sealed partial class Language
{
    public string SettingsWord => Pick("Definições", "Settings");
    public string SettingWord => Pick("Definição", "Setting");
    public string SettingsHint => Pick("Valem para toda a instalação, logo que são guardadas e sem reiniciar nada. As que estão fixadas num ficheiro ou no ambiente do serviço mudam-se lá. As palavras-passe e os segredos não estão aqui: ficam em ficheiros, ou no diálogo daquilo a que pertencem.", "They hold for the whole installation, as soon as they are saved and without restarting anything. Those that are fixed in a file or in the service's environment are changed there. Passwords and secrets are not here: they stay in files, or in the dialog of what they belong to.");
    public string FindSetting => Pick("Procurar uma definição", "Find a setting");
    public string OnlyChangedSettings => Pick("Só as mudadas", "Only changed ones");
    public string NoSettingFound => Pick("Nenhuma definição corresponde. Procure outra palavra.", "No setting matches. Try another word.");
    public string SettingsShown(int shown, int all) => shown == all ? Count(all, "{0} definição", "{0} definições", "{0} setting", "{0} settings") : Pick($"{shown} de {all} definições", $"{shown} of {all} settings");
    public string SettingsFilesHint => Pick("Estas só se mudam nos ficheiros do serviço e só são lidas quando ele arranca. Aqui vê-se o que está em vigor.", "These are changed in the broker's files only, and are read only when it starts. Here is what is in force.");
    public string AllSettingsHistory => Pick("Histórico de todas", "History of all");
    public string SettingHistoryOf(string name) => Pick($"Histórico de {name}", $"History of {name}");
    public string NoSettingHistory => Pick("Ainda ninguém mudou nada aqui.", "Nobody has changed anything here yet.");
    public string SettingWent(string? from, string? to) => Pick(
        $"{(from is null ? "Da predefinição" : $"De {from}")} para {to ?? "a predefinição"}",
        $"From {from ?? "the default"} to {to ?? "the default"}");
    public string DefaultIs(string value) => value.Length == 0 ? Pick("Predefinição: vazio", "Default: empty") : Pick($"Predefinição: {value}", $"Default: {value}");
    public string RangeIs(string range) => Pick($"De {range}", $"From {range}");
    public string EmptyValue => Pick("vazio", "empty");
    public string SetByConsole => Pick("Mudada na consola", "Changed in the console");
    public string SetByWhom(string who, string at) => who.Length == 0 ? at : Pick($"por {who}, {at}", $"by {who}, {at}");
    public string FixedIn(SettingSource source) => source switch
    {
        SettingSource.Environment => Pick("Fixada no ambiente do serviço", "Fixed in the service's environment"),
        SettingSource.CommandLine => Pick("Fixada na linha de comandos do serviço", "Fixed on the service's command line"),
        _ => Pick("Fixada num ficheiro do serviço", "Fixed in a file of the service"),
    };
    public string OnlyInFiles => Pick("Só em ficheiros", "Only in files");
    public string StoredWaits(string value) => Pick($"O valor guardado na consola ({value}) só volta a valer quando deixar de estar fixada.", $"The value that the console keeps ({value}) holds again only when it is no longer fixed.");
    public string StoredNotInForce(string value) => Pick($"O valor guardado ({value}) já não serve nesta versão e não está em vigor; vale a predefinição. Guarde outro, ou volte à predefinição.", $"The stored value ({value}) no longer fits this version and is not in force; the default holds. Save another, or go back to the default.");
    public string BackToDefault => Pick("Voltar à predefinição", "Back to the default");
    public string BackToDefaultOf(string name) => Pick($"Voltar à predefinição: {name}", $"Back to the default: {name}");
    public string BackToDefaultQuestion(string name) => Pick($"{name}: voltar à predefinição?", $"{name}: back to the default?");
    public string BackToDefaultTouches(string from, string to) => Pick($"Passa de {from} para {to}, logo, em toda a instalação.", $"It goes from {from} to {to}, at once, in the whole installation.");
    public string StoredForgotten(string value) => Pick($"O valor guardado ({value}) é esquecido. O que está em vigor fica como está.", $"The stored value ({value}) is forgotten. What is in force stays as it is.");
    public string SettingIsDefault(string name) => Pick($"{name}: vale a predefinição.", $"{name}: the default holds.");
    public string UnsavedSettings(int n) => Count(n, "{0} alteração por guardar", "{0} alterações por guardar", "{0} change not saved", "{0} changes not saved");
    public string SaveSettings => Pick("Guardar alterações", "Save changes");
    public string DiscardSettings => Pick("Descartar", "Discard");
    public string SettingsSaved(int n) => Count(n, "{0} definição guardada. Já está em vigor.", "{0} definições guardadas. Já estão em vigor.", "{0} setting saved. It is in force.", "{0} settings saved. They are in force.");
    public string SettingsWrong(int n) => Count(n, "Nada foi guardado: {0} definição tem um valor que não serve.", "Nada foi guardado: {0} definições têm valores que não servem.", "Nothing was saved: {0} setting has a value that does not fit.", "Nothing was saved: {0} settings have values that do not fit.");
    public string LeaveSettingsQuestion => Pick("Sair sem guardar?", "Leave without saving?");
    public string LeaveSettings => Pick("Sair sem guardar", "Leave without saving");
    public string LeaveSettingsTouches => Pick("O que escreveu aqui perde-se.", "What you typed here is lost.");

    public string SettingNotANumber(bool whole) => whole ? Pick("Escreva um número inteiro, só com algarismos.", "Type a whole number, digits only.") : Pick("Escreva um número, com vírgula se for preciso.", "Type a number, with a point if need be.");
    public string SettingOutOfRange(string range) => range.Length == 0 ? Pick("O texto é comprido de mais, ou tem mais do que uma linha.", "The text is too long, or has more than one line.") : Pick($"Use um valor de {range}.", $"Use a value from {range}.");
    public string SettingLessThan(string other, string value) => Pick($"Não pode ser menos do que «{other}», que tem {value}.", $"It may not be less than \"{other}\", which is {value}.");
    public string SettingMoreThan(string other, string value) => Pick($"Não pode ser mais do que «{other}», que tem {value}.", $"It may not be more than \"{other}\", which is {value}.");
    public string SettingRaced(string who, string at, string value) => Pick($"{who} mudou-a entretanto para {value} ({at}). Guarde outra vez para ficar o que escreveu, ou descarte.", $"{who} has changed it to {value} meanwhile ({at}). Save again to keep what you typed, or discard it.");
    public string SettingMeanwhile(string who, string at, string value) => who.Length == 0
        ? Pick($"Mudou entretanto para {value}. O que escreveu ficou; guardar substitui esse valor.", $"It has changed to {value} meanwhile. What you typed stays; saving replaces that value.")
        : Pick($"{who} mudou-a entretanto para {value} ({at}). O que escreveu ficou; guardar substitui esse valor.", $"{who} has changed it to {value} meanwhile ({at}). What you typed stays; saving replaces that value.");
    public string TakeTheirs(string value) => Pick($"Usar {value}", $"Use {value}");
    public string SettingsOfOthers(IReadOnlyList<string> names) => names.Count == 0 ? "" : Pick($"Mudou entretanto: {string.Join(", ", names)}.", $"Changed meanwhile: {string.Join(", ", names)}.");
    public string SettingRule(string key) => key switch
    {
        "AuditSyslog:Server" => Pick("Use um nome de servidor, ou nome:porta.", "Use a host name, or host:port."),
        "Alerts:ConsoleAddress" or "Provisioning:EnrolmentUrl" or "Provisioning:ChannelUrl" => Pick("Use um endereço https, por exemplo https://vdi.exemplo.pt:7443.", "Use an https address, for example https://vdi.example.pt:7443."),
        _ => Pick("O valor não serve.", "The value does not fit."),
    };

    public string SettingAmount(Setting setting, string value) => value.Length == 0 ? EmptyValue
        : SettingTexts.Unit(setting.Unit, Culture) is { Length: > 0 } unit ? $"{SettingTexts.Written(setting, value, Culture)} {unit}" : SettingTexts.Written(setting, value, Culture);

    /// <summary>Where what belongs to the same matter is set, when it is not here; null: nowhere else.</summary>
    public (string Href, string Words)? SettingsElsewhere(SettingSection section) => section switch
    {
        SettingSection.SignIn => ("/directories", Pick("Diretórios, fornecedores OpenID e certificados", "Directories, OpenID providers and certificates")),
        SettingSection.Sessions => ("/users", Pick("Quantas sessões cada pessoa pode ter", "How many sessions each person may have")),
        SettingSection.Alerts => ("/alerts", Pick("Limites dos alertas, e o correio por onde avisam", "Limits of alerts, and the mail by which they tell")),
        SettingSection.Wake => ("/pools", Pick("Horários em que os computadores de um conjunto acordam", "Hours at which a pool's computers wake")),
        _ => null,
    };

    private string? SettingAction(string action) => action switch
    {
        "setting.change" => Pick("Mudou a definição", "Changed the setting"),
        "setting.reset" => Pick("Repôs a definição", "Reset the setting"),
        _ => null,
    };
}
