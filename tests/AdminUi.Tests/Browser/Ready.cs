using Microsoft.Playwright;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>Waits for facts on a page, never for time.</summary>
internal static class Ready
{
    /// <summary>The circuit has drawn the page and its rows or details have arrived.</summary>
    public static async Task PageAsync(IPage page)
    {
        await page.Locator("main h1").WaitForAsync();
        await page.WaitForFunctionAsync("""
            () => !document.querySelector("main [role=status].empty")
               && (!document.querySelector(".grid") || document.querySelector(".grid tbody td:not(.grid-cell-placeholder) a"))
               && (!document.querySelector(".tiles") || document.querySelector(".poollist li"))
            """);
    }

    /// <summary>Goes there as a click on a link does; loads the console anew where the page before is of the same kind, for that one would only change its words.</summary>
    public static async Task GoAsync(IPage page, string path)
    {
        if (path is "/nowhere" || KindOf(new Uri(page.Url).AbsolutePath) == KindOf(path) || !await page.EvaluateAsync<bool>("() => !!window.Blazor && !!document.querySelector('#side')"))
        {
            await page.GotoAsync(path);
            return;
        }
        await page.EvaluateAsync("path => { document.querySelector('main h1').setAttribute('data-left', ''); Blazor.navigateTo(path); }", path);
        await page.Locator("main h1:not([data-left])").WaitForAsync();
    }

    /// <summary>What a page shows, of whichever object: "pools" of "/pools/p-1".</summary>
    public static string KindOf(string path) => path.Split('/')[1];

    /// <summary>The dialog has opened and taken the focus; a key pressed before that would go to whatever takes it next.</summary>
    public static Task DialogAsync(IPage page) => page.GetByRole(AriaRole.Dialog).Locator(":focus").WaitForAsync(new() { State = WaitForSelectorState.Attached });

    /// <summary>Waits for a fact outside the browser, with a deadline.</summary>
    public static async Task ThatAsync(Func<bool> fact, string what)
    {
        var deadline = DateTime.UtcNow.AddSeconds(15);
        while (!fact())
        {
            Assert.True(DateTime.UtcNow < deadline, "Not within 15 s: " + what);
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
