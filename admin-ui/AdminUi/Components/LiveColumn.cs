using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.QuickGrid;
using Microsoft.AspNetCore.Components.Rendering;
using Montalegre.Vdi.AdminUi.Live;

namespace Montalegre.Vdi.AdminUi.Components;

/// <summary>One column of a live table: what it shows, and by what its rows are ordered.</summary>
public sealed class LiveColumn<T> : ColumnBase<LiveRow<T>>
{
    /// <summary>Name of the column in the page's address.</summary>
    [Parameter, EditorRequired] public string Key { get; set; } = "";

    /// <summary>Order of the rows by this column; none: the column cannot be sorted.</summary>
    [Parameter] public Comparison<T>? Order { get; set; }

    [Parameter, EditorRequired] public RenderFragment<LiveRow<T>> ChildContent { get; set; } = null!;

    public override GridSort<LiveRow<T>>? SortBy { get; set; }

    /// <summary>The order that stands in the page's address: a column's key, with a minus for descending.</summary>
    [CascadingParameter(Name = "Sort")] public string? Sort { get; set; }

    protected override void OnParametersSet()
    {
        if (Sort?.TrimStart('-') != Key) return;
        IsDefaultSortColumn = true;
        InitialSortDirection = Sort.StartsWith('-') ? SortDirection.Descending : SortDirection.Ascending;
    }

    protected override bool IsSortableByDefault() => Order is not null;

    protected override void CellContent(RenderTreeBuilder builder, LiveRow<T> item) => builder.AddContent(0, ChildContent(item));
}
