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
