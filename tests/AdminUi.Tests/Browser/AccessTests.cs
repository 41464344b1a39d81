using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Words;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

public sealed class AccessTests(Chromium chromium) : IClassFixture<Chromium>
{
    [Theory]
    [InlineData(ColorScheme.Light, "pt-PT")]
    [InlineData(ColorScheme.Dark, "en-GB")]
    public async Task Axe_finds_nothing_on_any_page(ColorScheme scheme, string language)
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console, language: language, signIn: false, scheme: scheme);
        var say = new Language(new(language));
        List<string> found = [];
        foreach (var path in new[] { "/sign-in", "/set-up", "/preferences" })
        {
            await page.GotoAsync(path);
            found.AddRange(await ViolationsAsync(page, path));
        }
        await page.GotoAsync("/");
        await Chromium.SignInAsync(page);
        foreach (var (_, path) in ScreenshotTests.Pages)
        {
            await page.GotoAsync(path);
            await Ready.PageAsync(page);
            found.AddRange(await ViolationsAsync(page, path));
        }
        foreach (var (path, button) in new[]
        {
            ("/sessions/s-balcao-1", say.LogOff), ("/sessions/s-balcao-1", say.SendMessage), ("/pools", say.CreatePool), ("/pools/p-balcao", say.EditPool), ("/pools/p-balcao", say.ChangeSize), ("/pools/p-balcao", say.ChangeDevices),
            ("/pools/p-man", say.AddMachine), ("/pools/p-man", say.Adopt), ("/users", say.CreateUser), ("/users/ana.martins", say.ResetPassword),
            ("/hosts", say.AddHost), ("/images", say.PublishImage), ("/gateways", say.AddGateway),
        })
        {
            await page.GotoAsync(path);
            await page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();
            await page.GetByRole(AriaRole.Dialog).WaitForAsync();
            await page.WaitForFunctionAsync("() => document.getAnimations().every(a => a.playState !== 'running')");
            if (Environment.GetEnvironmentVariable("MONTALEGRE_SCREENSHOTS") is { Length: > 0 } folder)
                await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"dialog-{language}-{scheme}-{path.Replace('/', '_')}-{button}.png") });
            found.AddRange(await ViolationsAsync(page, path + " dialog"));
        }
        Assert.Empty(found);
    }

    [Fact]
    public async Task No_English_word_of_ours_is_left_on_a_Portuguese_page()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console, signIn: false);
        var english = EnglishOnly();
        Assert.Contains("Machines", english);
        List<string> found = [];
        foreach (var path in new[] { "/sign-in", "/set-up", "/preferences" })
        {
            await page.GotoAsync(path);
            found.AddRange(await LeftAsync(page, path, english));
        }
        await page.GotoAsync("/");
        await Chromium.SignInAsync(page);
        foreach (var (_, path) in ScreenshotTests.Pages.Append(("none", "/nowhere")))
        {
            await page.GotoAsync(path);
            await Ready.PageAsync(page);
            found.AddRange(await LeftAsync(page, path, english));
        }
        Assert.Empty(found);
    }

    // Words that are the same in both languages, or that data of the test carry, say nothing.
    private static HashSet<string> EnglishOnly()
    {
        var (pt, en) = (new Language(new("pt-PT")), new Language(new("en-GB")));
        var words = typeof(Language).GetProperties().Where(p => p.PropertyType == typeof(string)).Select(p => ((string)p.GetValue(pt)!, (string)p.GetValue(en)!)).ToList();
        var portuguese = words.Select(w => w.Item1).ToHashSet(StringComparer.Ordinal);
        return [.. words.Select(w => w.Item2).Where(w => w.Length > 2 && !portuguese.Contains(w))];
    }

    private static async Task<IEnumerable<string>> LeftAsync(IPage page, string path, HashSet<string> english)
    {
        var texts = await page.EvaluateAsync<string[]>("""
            () => {
              const out = [document.title];
              const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
              while (walk.nextNode()) if (!walk.currentNode.parentElement.closest("script, style, [lang=en-GB]")) out.push(walk.currentNode.data);
              for (const e of document.body.querySelectorAll("[aria-label], [placeholder], [title], [alt]")) for (const a of ["aria-label", "placeholder", "title", "alt"]) out.push(e.getAttribute(a) ?? "");
              return out.map(t => t.trim()).filter(t => t);
            }
            """);
        return texts.Where(english.Contains).Select(t => $"{path}: {t}");
    }

    private static async Task<IEnumerable<string>> ViolationsAsync(IPage page, string path)
    {
        var result = await page.RunAxe(new Deque.AxeCore.Commons.AxeRunOptions { RunOnly = new() { Type = "tag", Values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] } });
        return result.Violations.SelectMany(v => v.Nodes.Select(n => $"{path}: {v.Id}: {n.Html[..Math.Min(160, n.Html.Length)]}"));
    }
}
