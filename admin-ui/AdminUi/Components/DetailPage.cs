using Grpc.Core;
using Microsoft.AspNetCore.Components;
using Montalegre.Vdi.AdminUi.Live;

namespace Montalegre.Vdi.AdminUi.Components;

/// <summary>The page of one object: its live row, and what only a call can tell, asked again whenever the row changes.</summary>
public abstract class DetailPage<TRow, TDetails> : LivePage where TRow : class where TDetails : class
{
    private TRow? _asked;
    private string _askedId = "";

    [Parameter] public string Id { get; set; } = "";
    [Inject] internal Ask Ask { get; set; } = null!;

    protected TRow? Row { get; private set; }
    protected TDetails? Details { get; private set; }
    protected string? Trouble { get; private set; }

    private protected abstract LiveTable<TRow> Table { get; }
    protected abstract Task<TDetails> GetAsync();
    protected abstract TRow? RowOf(TDetails details);

    protected override void OnInitialized() => Follow(Table);

    protected override Task OnParametersSetAsync() => OnLiveAsync();

    protected override async Task OnLiveAsync()
    {
        if (_askedId != Id) (Row, Details, Trouble) = (null, null, null);
        var live = Table.Find(Id);
        Row = live ?? Row;
        if (_askedId == Id && ReferenceEquals(live, _asked) && Details is not null) return;
        (_askedId, _asked) = (Id, live);
        await RefreshAsync();
    }

    /// <summary>Asks the broker again. What is shown stays when it cannot answer.</summary>
    protected async Task RefreshAsync()
    {
        try
        {
            Details = await GetAsync();
            Row = Table.Find(Id) ?? RowOf(Details);
            Trouble = null;
        }
        catch (RpcException e)
        {
            Trouble = e.Sentence(Say.Culture);
        }
    }
}
