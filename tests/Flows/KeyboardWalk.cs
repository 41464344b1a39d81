using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.Flows;

/// <summary>Somebody without a mouse: Tab, arrows, Enter, Space and letters. What such a person could not see or reach is noted, and so is what a look at the page finds.</summary>
internal sealed partial class KeyboardWalk(IPage page, string flow, string language, IReadOnlySet<string> foreign)
{
    private const int MostStops = 160;
    private readonly List<string> _found = [];
    private bool _began;

    /// <summary>Every target has 44 pixels each way, as fingers need them.</summary>
    public bool ForFingers { get; init; }

    /// <summary>The page is never loaded anew, so the focus is always somewhere once the first key was pressed.</summary>
    public bool OnePage { get; init; }

    public Task PressAsync(string key)
    {
        _began = true;
        return page.Keyboard.PressAsync(key);
    }

    public Task TypeAsync(string text) => page.Keyboard.TypeAsync(text);

    public async Task TypeOverAsync(string text)
    {
        await page.Keyboard.PressAsync("Control+A");
        await page.Keyboard.TypeAsync(text);
    }

    /// <summary>Presses Tab until the focus is there. At each stop on the way the focus has to be seen.</summary>
    public async Task ToAsync(ILocator target)
    {
        await Expect(target).ToBeEnabledAsync();
        // A dialog takes the focus a moment after it came: keys before that would be lost on it.
        await page.WaitForFunctionAsync("() => { const d = [...document.querySelectorAll('[role=dialog][aria-modal=true]')].at(-1); return !d || (d !== document.activeElement && d.contains(document.activeElement)); }");
        for (var stop = 0; stop < MostStops; stop++)
        {
            if (await target.EvaluateAsync<bool>("e => e === document.activeElement")) return;
            await PressAsync("Tab");
            if (await page.EvaluateAsync<string>(Stop) is { Length: > 0 } wrong) Note(wrong);
        }
        Assert.Fail($"{flow}: the keyboard does not reach {target}.");
    }

    /// <summary>Goes there and presses Enter.</summary>
    public async Task EnterAsync(ILocator target)
    {
        await ToAsync(target);
        await page.Keyboard.PressAsync("Enter");
    }

    /// <summary>Goes there and presses Space.</summary>
    public async Task SpaceAsync(ILocator target)
    {
        await ToAsync(target);
        await page.Keyboard.PressAsync("Space");
    }

    /// <summary>Goes to a field and types over what it holds.</summary>
    public async Task FillAsync(ILocator field, string text)
    {
        await ToAsync(field);
        await TypeOverAsync(text);
    }

    /// <summary>Goes to a list of choices and down to this one.</summary>
    public async Task PickAsync(ILocator list, string label)
    {
        await ToAsync(list);
        await page.Keyboard.PressAsync("Home");
        for (var at = 0; at < 50 && await list.EvaluateAsync<string>("e => e.selectedOptions[0].label") != label; at++) await page.Keyboard.PressAsync("ArrowDown");
        Assert.Equal(label, await list.EvaluateAsync<string>("e => e.selectedOptions[0].label"));
    }

    /// <summary>Looks at the page as it stands: axe, words of the other language and of another Portuguese, width, targets, and where the focus is.</summary>
    public async Task LookAsync(string step)
    {
        await page.WaitForFunctionAsync("() => document.getAnimations().every(a => a.playState !== 'running' || a.effect.getTiming().iterations === Infinity)");
        await Pictures.TakeAsync(page, $"flow-{flow}-{step}", always: false);
        foreach (var wrong in await Axe.ScanAsync(page.Locator("html"))) Note($"{step}: {wrong}");
        foreach (var text in await TextsAsync(page, language))
            if (foreign.Contains(text) || (language.StartsWith("pt", StringComparison.Ordinal) && Brazilian().IsMatch(text))) Note($"{step}: not {language}: {text}");
        if (await page.EvaluateAsync<int>("() => Math.max(0, ...[document.documentElement, document.querySelector('main')].map(e => e.scrollWidth - e.clientWidth))") is > 0 and var wide) Note($"{step}: {wide} px too wide");
        if (ForFingers && await page.EvaluateAsync<string>(Small) is { Length: > 0 } small) Note($"{step}: too small: {small}");
        if (OnePage && _began && !await HasFocusAsync()) Note($"{step}: the focus is lost");
    }

    // What is switched off while it works has the focus again when it is done; a busy machine takes a while.
    private async Task<bool> HasFocusAsync()
    {
        try
        {
            await page.WaitForFunctionAsync("() => document.activeElement && document.activeElement !== document.body", null, new() { Timeout = 60_000 });
            return true;
        }
        catch (TimeoutException) { return false; }
    }

    /// <summary>Nothing was noted on the way.</summary>
    public void Ends() => Assert.True(_found.Count == 0, string.Join('\n', _found));

    /// <summary>Every text and name of a page that a reader meets in its language.</summary>
    public static Task<string[]> TextsAsync(IPage page, string language) => page.EvaluateAsync<string[]>("""
        language => {
          const out = [document.title];
          const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          const other = `script, style, [lang]:not([lang=${language}])`;
          while (walk.nextNode()) if (!walk.currentNode.parentElement.closest(other)) out.push(walk.currentNode.data);
          for (const e of document.body.querySelectorAll("[aria-label], [placeholder], [title], [alt]")) for (const a of ["aria-label", "placeholder", "title", "alt"]) out.push(e.getAttribute(a) ?? "");
          return out.map(t => t.trim()).filter(t => t);
        }
        """, language);

    /// <summary>Words of Brazil for what has another word in Portugal.</summary>
    [GeneratedRegex(@"\b(usuários?|senhas?|telas?|arquivos?|salvar|deletar|excluir|excluíd[oa]s?|logar|logou|digite|gerenci\w+|cadastr\w+|celular|área de trabalho|piscinas?|registro|baixar|conosco|você)\b", RegexOptions.IgnoreCase)]
    public static partial Regex Brazilian();

    private void Note(string wrong)
    {
        if (!_found.Contains($"{flow}: {wrong}")) _found.Add($"{flow}: {wrong}");
    }

    private const string Small = """
        () => [...document.querySelectorAll("button, .button, summary, input:not([type=hidden], [type=radio]), label:has(input), .bottom a, .brand")]
          .filter(e => e.offsetParent && (e.offsetHeight < 44 || e.offsetWidth < 44)).map(e => e.outerHTML.slice(0, 120)).join(" ")
        """;

    // What had the focus before must look otherwise without it; what has it now must be on the screen and not behind something else.
    // A busy machine shows a transition or a dialog that opens halfway: what looks wrong is looked at again when the page is at rest.
    private const string Stop = """
        async () => {
          const looks = e => {
            const nodes = [];
            for (let n = e, i = 0; n && n !== document.body && i < 4; n = n.parentElement, i++) {
              nodes.push(n);
              if (n.matches("label, .mud-input, .mud-checkbox, .mud-switch, .mud-radio, .mud-input-control")) nodes.push(...n.children);
            }
            return nodes.flatMap(n => [null, "::before", "::after"].map(p => {
              const s = getComputedStyle(n, p);
              return [s.outlineStyle === "none" ? "" : s.outlineWidth + s.outlineColor, s.boxShadow, s.backgroundColor, s.borderTopWidth, s.borderTopColor, s.borderBottomWidth, s.borderBottomColor, s.opacity, s.left].join();
            })).join("|");
          };
          const pause = ms => new Promise(done => setTimeout(done, ms));
          const rest = async () => {
            await pause(50);
            for (let i = 0; i < 200 && document.getAnimations().some(a => a.playState === "running" && a.effect.getTiming().iterations !== Infinity); i++) await pause(25);
          };
          const unseen = async was => {
            if (looks(was.e) !== was.looks) return false;
            const now = document.activeElement;
            was.e.focus({ preventScroll: true });
            await rest();
            const focused = looks(was.e);
            now.focus({ preventScroll: true });
            await rest();
            return was.e.isConnected && looks(was.e) === focused;
          };
          const covered = e => {
            if (!e || e === document.body) return "";
            const r = e.getBoundingClientRect();
            const [l, t, b, g] = [Math.max(r.left, 0), Math.max(r.top, 0), Math.min(r.bottom, innerHeight), Math.min(r.right, innerWidth)];
            if (l >= g || t >= b) return "focus off the screen on " + say(e);
            const own = h => h && (h === e || e.contains(h) || h.contains(e) || e.parentElement.contains(h) || e.closest("label")?.contains(h));
            const points = [[(l + g) / 2, (t + b) / 2], [l + 2, t + 2], [g - 2, b - 2]];
            return points.some(([x, y]) => own(document.elementFromPoint(x, y))) ? "" : "focus behind " + say(document.elementFromPoint(...points[0])) + " on " + say(e);
          };
          const say = e => e ? e.outerHTML.slice(0, 140) : "nothing";
          const out = [];
          const was = window.walkStop;
          if (was && was.e.isConnected && was.e !== document.activeElement && await unseen(was)) out.push("no focus to be seen on " + say(was.e));
          for (let i = 0; i < 200 && covered(document.activeElement); i++) await pause(25);
          const e = document.activeElement;
          window.walkStop = e && e !== document.body ? { e, looks: looks(e) } : null;
          if (covered(e)) out.push(covered(e));
          return out.join("\n");
        }
        """;
}
