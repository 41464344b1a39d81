using Montalegre.Vdi.AdminUi.Components;
using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Contracts.Admin.V1;
using static MudBlazor.Icons.Material;

namespace Montalegre.Vdi.AdminUi.Pages.Alerts;

/// <summary>How grave an alert is, as it is shown.</summary>
internal static class AlertLook
{
    public static StateLook Of(AlertSeverity severity, Language say) => severity switch
    {
        AlertSeverity.Critical => new("bad", Outlined.ErrorOutline, say.NameOf(severity)),
        AlertSeverity.Warning => new("warn", Outlined.WarningAmber, say.NameOf(severity)),
        _ => new("calm", Outlined.Info, say.NameOf(severity)),
    };
}
