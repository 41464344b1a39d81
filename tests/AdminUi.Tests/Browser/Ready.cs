using Microsoft.Playwright;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>Waits for facts on a page, never for time.</summary>
internal static class Ready
{
    // By the button of the menu, which does nothing to a page: opened and shut again, each time by an answer of the console.
    private const string Answered = """
        () => new Promise(done => {
          const button = document.querySelector(".menu-button");
          if (!button || !window.Blazor) { done(true); return; }
          let answers = 0;
          const heard = new MutationObserver(() => {
            if (++answers < 2) { button.click(); return; }
            heard.disconnect();
            done(true);
          });
          heard.observe(button, { attributes: true, attributeFilter: ["aria-expanded"] });
          button.click();
          setTimeout(() => done(false), 60000);
        })
        """;

    /// <summary>The circuit has drawn the page and its rows or details have arrived.</summary>
    public static async Task PageAsync(IPage page)
    {
        await page.Locator("main h1").WaitForAsync();
        await page.WaitForFunctionAsync("""
            () => !document.querySelector("main [role=status].empty")
               && (!document.querySelector(".grid") || document.querySelector(".grid tbody td:not(.grid-cell-placeholder) a"))
               && (!document.querySelector(".tiles") || document.querySelector(".poollist li"))
            """);
        await AnsweredAsync(page);
    }

    /// <summary>The console has done what it had still to do with what is seen: given the title of a page the focus, and the page its dark colours, heard a click, kept a draft.</summary>
    public static async Task AnsweredAsync(IPage page) => Assert.True(await page.EvaluateAsync<bool>(Answered), "The console does not answer.");

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

    /// <summary>The dialog has opened, taken the focus and listens to keys; one pressed before that would go to whatever takes it next.</summary>
    public static async Task DialogAsync(IPage page)
    {
        await page.GetByRole(AriaRole.Dialog).Locator(":focus").WaitForAsync(new() { State = WaitForSelectorState.Attached });
        await AnsweredAsync(page);
    }

    /// <summary>Waits for a fact outside the browser, with a deadline: longer than a page that could not say that it closes is kept.</summary>
    public static async Task ThatAsync(Func<bool> fact, string what)
    {
        var deadline = DateTime.UtcNow.AddMinutes(4);
        while (!fact())
        {
            Assert.True(DateTime.UtcNow < deadline, "Not within 4 minutes: " + what);
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
