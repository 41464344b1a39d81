namespace Montalegre.Vdi.Broker.Rollouts;

/// <summary>What people read on their desktops. The broker does not know who reads which language, so it says both.</summary>
internal static class RolloutTexts
{
    public const string WarningTitle = "Atualização / Update";

    /// <summary>Told before the sessions that are left are ended.</summary>
    public static string Warning(DateTimeOffset at) => $"""
        Este ambiente de trabalho vai ser atualizado. Guarde o seu trabalho e termine a sessão antes das {at:HH:mm}: a essa hora a sessão é terminada.

        This desktop is going to be updated. Save your work and log off before {at:HH:mm}: the session is ended then.
        """;
}
