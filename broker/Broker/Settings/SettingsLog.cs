namespace Montalegre.Vdi.Broker.Settings;

internal static partial class SettingsLog
{
    [LoggerMessage(5601, LogLevel.Warning, "The console's value of {Key} is left out, what is otherwise set or usual holds: {Why}")]
    public static partial void SettingLeftOut(this ILogger log, string key, string why);

    [LoggerMessage(5602, LogLevel.Warning, "Settings cannot be read, next try in {Delay}")]
    public static partial void SettingsNotRead(this ILogger log, TimeSpan delay, Exception e);
}
