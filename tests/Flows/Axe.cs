using Deque.AxeCore.Commons;
using Microsoft.Playwright;

namespace Montalegre.Vdi.Flows;

/// <summary>Looks at a page, or at a part of it, with axe: the levels that the public sector has to reach, and best practice.</summary>
internal static class Axe
{
    private static readonly string Script = new BundledAxeScriptProvider().GetScript();

    // What moves comes to its end first: colours half way are nobody's. Every rule is checked; only what is wrong is described and sent here,
    // the rest takes most of a scan's time. Of what axe would fetch beforehand, style sheets serve experimental rules alone.
    private const string Scan = """
        node => Promise.all(document.getAnimations().filter(a => a.playState === "running" && a.effect.getTiming().iterations !== Infinity).map(a => a.finished.catch(() => {})))
          .then(() => axe.run(node, {
            runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] }, resultTypes: ["violations"], preload: { assets: ["media"] },
          })).then(said => said.violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.html.slice(0, 160)}`)))
        """;

    /// <summary>What is wrong, one line for each element. A document gets the script once, however often it is looked at.</summary>
    public static async Task<IReadOnlyList<string>> ScanAsync(ILocator part)
    {
        if (!await part.Page.EvaluateAsync<bool>("() => !!window.axe")) await part.Page.EvaluateAsync(Script);
        return await part.EvaluateAsync<string[]>(Scan);
    }
}
