using Microsoft.Playwright;
using Montalegre.Vdi.Flows;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>Pictures of pages as they are, once nothing on them moves.</summary>
internal static class Picture
{
    public static Task TakeAsync(IPage page, string name) => TakeAsync(page, name, always: false);

    public static async Task TakeAsync(IPage page, string name, bool always, bool wholePage = false)
    {
        await page.WaitForFunctionAsync("() => document.getAnimations().every(a => a.playState !== 'running')");
        await Pictures.TakeAsync(page, name, always, wholePage);
    }
}
