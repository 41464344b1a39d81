using System.Diagnostics;
using Microsoft.Playwright;
using Montalegre.Vdi.Benchmarks.Brokers;
using Montalegre.Vdi.Benchmarks.Figures;
using Montalegre.Vdi.Benchmarks.Processes;
using Montalegre.Vdi.Rig.Postgres;

namespace Montalegre.Vdi.Benchmarks.Consoles;

/// <summary>The two faces as real Chromium sees them: the employee's first page, and the console with ten thousand machines and fifty people who watch.</summary>
internal static class ConsoleBenchmark
{
    private const string Database = "console";
    private const int Loads = 7, Filters = 30, Viewers = 50, Changes = 30, DayParts = 8, VisitsOfPart = 10;
    private static readonly TimeSpan BetweenChanges = TimeSpan.FromSeconds(1), Settling = TimeSpan.FromSeconds(5);

    public static async Task RunAsync(CancellationToken ct)
    {
        await using var cluster = await Cluster.StartAsync();
        await Cluster.SeedAsync(cluster, Database, ConsoleSeed.Sql, ct);
        await using var browser = await Browser.StartAsync();
        await using var stack = await ConsoleStack.StartAsync(cluster, Database, browser, ct);
        await FirstLoadAsync(stack, browser);
        await FilterAsync(stack, browser, ct);
        await WatchAsync(cluster, stack, browser, ct);
        await DayAsync(cluster, stack, browser, ct);
    }

    // A phone that has never been here: nothing in its cache, only the sign-in.
    private static async Task FirstLoadAsync(ConsoleStack stack, Browser browser)
    {
        var (bytes, seconds) = (new List<double>(), new List<double>());
        for (var load = 0; load < Loads; load++)
        {
            await using var profile = await browser.ProfileAsync(stack.PortalUrl, stack.PortalSignIn);
            var page = await profile.NewPageAsync();
            var network = await profile.NewCDPSessionAsync(page);
            var received = 0.0;
            network.Event("Network.loadingFinished").OnEvent += (_, told) => received += told!.Value.GetProperty("encodedDataLength").GetDouble();
            await network.SendAsync("Network.enable");
            await page.GotoAsync("/", new() { WaitUntil = WaitUntilState.NetworkIdle });
            // The page works without script: it is interactive as soon as it is there and drawn.
            seconds.Add(await page.EvaluateAsync<double>("() => performance.getEntriesByType('navigation')[0].loadEventEnd / 1000"));
            await page.Locator(".desktop .primary:visible").First.WaitForAsync();
            bytes.Add(received / 1000);
        }
        Report.Print(new("console.portal-first-load", Middle(bytes), "kB", "limit", 60, Target.AtMost(60)));
        Report.Print(new("console.portal-interactive", Middle(seconds), "s", "limit", 1, Target.AtMost(1)));
    }

    private static async Task FilterAsync(ConsoleStack stack, Browser browser, CancellationToken ct)
    {
        await using var profile = await browser.ProfileAsync(stack.ConsoleUrl, stack.ConsoleSignIn);
        var page = await OpenTableAsync(profile);
        await page.WaitForFunctionAsync($"() => /{ConsoleSeed.Machines}|{ConsoleSeed.Machines / 1000}.000/.test(document.querySelector('.toolbar .count').textContent)");
        var times = new List<double>();
        for (var n = 0; n <= Filters; n++)
        {
            // As somebody types it: a thousand rows match, a hundred, one; never the rows that already stand there.
            var name = $"posto-{(n * 290) + 1017:00000}"[..(8 + (n % 3 * 3 / 2))];
            var took = await page.EvaluateAsync<double>("""
                name => new Promise((done, failed) => {
                  const field = document.querySelector('.toolbar input[type=search]'), from = performance.now();
                  const there = () => { const rows = document.querySelectorAll('.grid tbody tr a[href^="/machines/"]'); return rows.length > 0 && [...rows].every(row => row.textContent.startsWith(name)); };
                  const watch = new MutationObserver(() => { if (there()) { watch.disconnect(); done(performance.now() - from); } });
                  watch.observe(document.querySelector('.grid'), { childList: true, subtree: true, characterData: true });
                  setTimeout(() => failed(new Error('the filter showed nothing')), 20000);
                  field.value = name; field.dispatchEvent(new Event('input', { bubbles: true }));
                })
                """, name);
            if (n > 0) times.Add(took);   // the first one compiles the way
            await Task.Delay(100, ct);
        }
        Report.Print(new("console.filter-of-10000.p95", Last(times, 0.95), "ms", "limit", 200, Target.AtMost(200)));
        Report.Note($"console: {Filters} filters, p50 {Middle(times):0.0} ms; load {Report.Load()}");
    }

    private static async Task WatchAsync(TemporaryCluster cluster, ConsoleStack stack, Browser browser, CancellationToken ct)
    {
        await using var profile = await browser.ProfileAsync(stack.ConsoleUrl, stack.ConsoleSignIn);
        var pages = new List<IPage>();
        for (var viewer = 0; viewer < Viewers; viewer++)
        {
            var page = await OpenTableAsync(profile);
            await page.EvaluateAsync("""
                () => {
                  window.seen = {};
                  new MutationObserver(() => { const mark = /mark-(\d+)-/.exec(document.querySelector('.grid').textContent); if (mark && !window.seen[mark[1]]) window.seen[mark[1]] = Date.now(); })
                    .observe(document.querySelector('.grid'), { childList: true, subtree: true, characterData: true });
                }
                """);
            pages.Add(page);
        }
        await Task.Delay(Settling, ct);
        var (cpu, from, changed) = (Usage.CpuSeconds(stack.Console.ProcessId), Stopwatch.GetTimestamp(), new Dictionary<int, long>());
        for (var change = 1; change <= Changes; change++)
        {
            var due = BetweenChanges * (change - 1);
            if (due - Stopwatch.GetElapsedTime(from) is { Ticks: > 0 } early) await Task.Delay(early, ct);
            changed[change] = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
            await cluster.SqlAsync(Database, ConsoleSeed.Change(change));
        }
        await Task.Delay(BetweenChanges, ct);
        var cores = (Usage.CpuSeconds(stack.Console.ProcessId) - cpu) / Stopwatch.GetElapsedTime(from).TotalSeconds;
        await Task.Delay(Settling, ct);
        var times = new List<double>();
        foreach (var page in pages)
        {
            var seen = await page.EvaluateAsync<Dictionary<string, double>>("() => window.seen");
            // A change that a newer one overtook was never to be shown; the newer one was.
            for (var change = 1; change <= Changes; change++)
                times.Add(seen.Where(s => int.Parse(s.Key, System.Globalization.CultureInfo.InvariantCulture) >= change).Select(s => s.Value).DefaultIfEmpty(double.PositiveInfinity).Min() - changed[change]);
        }
        Report.Print(new("console.change-to-screen.p95", Last(times, 0.95) / 1000, "s", "limit", 1, Target.AtMost(1)));
        Report.Print(new("console.fifty-viewers-cpu", cores, "cores", "limit", 0.5, Target.AtMost(0.5)));
        Report.Note($"console: {Viewers} viewers of {ConsoleSeed.Machines} machines, p50 {Middle(times):0} ms, {times.Count(double.IsInfinity)} changes never seen; the browser shares the two cores; load {Report.Load()}");
    }

    // Eight parts of a day: people come, look at a few pages, filter and go, while machines change.
    private static async Task DayAsync(TemporaryCluster cluster, ConsoleStack stack, Browser browser, CancellationToken ct)
    {
        var (memory, number) = (new List<long>(), 1000);
        for (var part = 0; part <= DayParts; part++)
        {
            for (var visit = 0; visit < VisitsOfPart; visit++)
            {
                await using var profile = await browser.ProfileAsync(stack.ConsoleUrl, stack.ConsoleSignIn);
                var page = await OpenTableAsync(profile);
                await page.Locator(".toolbar input[type=search]").FillAsync($"posto-{visit * 97:00000}");
                await cluster.SqlAsync(Database, ConsoleSeed.Change(++number));
                foreach (var path in new[] { "/", "/pools", "/users" })
                {
                    await page.GotoAsync(path);
                    await page.Locator("main h1").WaitForAsync();
                }
            }
            await Task.Delay(Settling, ct);
            memory.Add(Usage.MemoryKiB(stack.Console.ProcessId) / 1024);
        }
        Report.Print(new("console.memory-over-a-day", memory[^1], "MB", "first-hour", memory[1], Target.RatioAtMost(1.15)));
        Report.Note($"console: {(DayParts + 1) * VisitsOfPart} visits of four pages each; MiB after each {VisitsOfPart}: {string.Join(", ", memory)}; load {Report.Load()}");
    }

    private static async Task<IPage> OpenTableAsync(IBrowserContext profile)
    {
        var page = await profile.NewPageAsync();
        await page.GotoAsync("/machines?sort=name");
        await page.Locator(".grid tbody a[href^='/machines/']").First.WaitForAsync();
        return page;
    }

    private static double Middle(List<double> values) => Last(values, 0.5);

    private static double Last(List<double> values, double part) => values.Order().ElementAt(Math.Max(0, (int)Math.Ceiling(values.Count * part) - 1));
}
