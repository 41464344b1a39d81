using System.Globalization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Rendering;

namespace Montalegre.Vdi.AdminUi.Components;

/// <summary>One SVG text element; in Razor its tag's name means something else.</summary>
public sealed class SvgText : ComponentBase
{
    [Parameter, EditorRequired] public string Class { get; set; } = "";
    [Parameter, EditorRequired] public double X { get; set; }
    /// <summary>X is a share of the picture's width.</summary>
    [Parameter] public bool Percent { get; set; }
    [Parameter, EditorRequired] public double Y { get; set; }
    [Parameter] public string Anchor { get; set; } = "start";
    [Parameter, EditorRequired] public string Text { get; set; } = "";

    protected override void BuildRenderTree(RenderTreeBuilder builder)
    {
        builder.OpenElement(0, "text");
        builder.AddAttribute(1, "class", Class);
        builder.AddAttribute(2, "x", X.ToString("0.#", CultureInfo.InvariantCulture) + (Percent ? "%" : ""));
        builder.AddAttribute(3, "y", Y.ToString("0.#", CultureInfo.InvariantCulture));
        builder.AddAttribute(4, "text-anchor", Anchor);
        builder.AddContent(5, Text);
        builder.CloseElement();
    }
}
