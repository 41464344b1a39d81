using Grpc.Core;
using Microsoft.AspNetCore.Components;
using Montalegre.Vdi.AdminUi.Live;
using Montalegre.Vdi.AdminUi.Words;

namespace Montalegre.Vdi.AdminUi.Pages.Reports;

/// <summary>One report: asked for again whenever its days or its pool change.</summary>
public abstract class ReportPanel<T> : ComponentBase where T : class
{
    private ReportTime? _asked;

    [Inject] internal Broker Broker { get; set; } = null!;
    [Inject] internal Language Say { get; set; } = null!;
    [Inject] internal TimeProvider Time { get; set; } = null!;
    [Parameter, EditorRequired] public ReportTime About { get; set; } = null!;

    /// <summary>What the broker said; null: nothing yet.</summary>
    protected T? Said { get; private set; }

    /// <summary>Why it said nothing.</summary>
    protected string? Trouble { get; private set; }

    protected string FileName(string report) => FormattableString.Invariant($"{report}-{About.From:yyyy-MM-dd}-{About.To:yyyy-MM-dd}");

    private protected abstract Task<T> AskAsync();

    protected override async Task OnParametersSetAsync()
    {
        if (_asked == About) return;
        var about = _asked = About;
        (Said, Trouble) = (null, null);
        try
        {
            var said = await AskAsync();
            // Who chose other days meanwhile gets the answer about those.
            if (about == _asked) Said = said;
        }
        catch (RpcException e)
        {
            if (about == _asked) Trouble = e.Sentence(Say.Culture);
        }
    }
}
