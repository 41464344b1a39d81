using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.Playwright;

namespace Montalegre.Vdi.Broker.Tests.ClientCertificates;

/// <summary>
/// A Chromium with a home of its own, whose certificates lie in its own NSS store as those of a card or of an enrolled device do. It
/// chooses among them by its own rules: the policy names an address and an issuer, as a house's administrators would.
/// </summary>
internal sealed class StoreBrowser : IAsyncDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("chromium-home-").FullName;
    private IPlaywright? _playwright;
    private IBrowser? _chromium;

    /// <summary>Null when this machine can run it, else why not.</summary>
    public static string? Missing() => !Environment.IsPrivilegedProcess ? "it lays its policy over /etc in a mount namespace; run as root"
        : new[] { "/usr/bin/chromium", "/usr/bin/certutil", "/usr/bin/pk12util" }.FirstOrDefault(f => !File.Exists(f)) is { } file ? $"{file} is not installed" : null;

    /// <param name="issuer">Common name of the issuer whose certificate is for <paramref name="address"/>.</param>
    public static async Task<StoreBrowser> StartAsync(string address, string issuer, params X509Certificate2[] certificates)
    {
        var browser = new StoreBrowser();
        try
        {
            await browser.FillAsync(certificates);
            await browser.LaunchAsync(address, issuer);
            return browser;
        }
        catch
        {
            await browser.DisposeAsync();
            throw;
        }
    }

    public async Task<IPage> OpenAsync()
    {
        var context = await _chromium!.NewContextAsync(new() { IgnoreHTTPSErrors = true, Locale = "pt-PT" });
        context.SetDefaultTimeout(120_000);
        return await context.NewPageAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_chromium is not null) await _chromium.DisposeAsync();
        _playwright?.Dispose();
        // What the browser started writes there a moment longer than the browser itself.
        await Storage.Eventually.IsTrueAsync(() =>
        {
            try { Directory.Delete(_home, recursive: true); }
            catch (IOException) when (Directory.Exists(_home)) { return false; }
            return true;
        }, $"{_home} is left alone");
    }

    private async Task FillAsync(X509Certificate2[] certificates)
    {
        var store = Directory.CreateDirectory(Path.Combine(_home, ".pki", "nssdb")).FullName;
        await RunAsync("certutil", "-d", $"sql:{store}", "-N", "--empty-password");
        var (file, word) = (Path.Combine(_home, "card.p12"), Path.Combine(_home, "word"));
        foreach (var certificate in certificates)
        {
            var password = Convert.ToHexString(RandomNumberGenerator.GetBytes(8));
            await File.WriteAllTextAsync(word, password);
            await File.WriteAllBytesAsync(file, certificate.ExportPkcs12(Pkcs12ExportPbeParameters.Pkcs12TripleDesSha1, password));
            await RunAsync("pk12util", "-d", $"sql:{store}", "-i", file, "-w", word);
        }
        File.Delete(file);
    }

    private async Task LaunchAsync(string address, string issuer)
    {
        // Policies are read from /etc only. The wrapper lays ours there for this one browser.
        var policies = Directory.CreateDirectory(Path.Combine(_home, "etc", "policies", "managed")).FullName;
        await File.WriteAllTextAsync(Path.Combine(policies, "certificates.json"), JsonSerializer.Serialize(new Dictionary<string, string[]>
        {
            ["AutoSelectCertificateForUrls"] = [JsonSerializer.Serialize(new { pattern = address, filter = new { ISSUER = new { CN = issuer } } })],
        }));
        var program = Path.Combine(_home, "chromium");
        await File.WriteAllTextAsync(program, $"""
            #!/bin/sh
            exec unshare --mount /bin/sh -c 'mkdir -p /etc/chromium && mount --bind {_home}/etc /etc/chromium && exec /usr/bin/chromium "$@"' chromium "$@"

            """);
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        _playwright = await Playwright.CreateAsync();
        _chromium = await _playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = program, Env = [.. Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>().Where(v => (string)v.Key != "HOME").Select(v => KeyValuePair.Create((string)v.Key, (string)v.Value!)), KeyValuePair.Create("HOME", _home)],
            Args = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--headless=new"],
            IgnoreDefaultArgs = ["--headless"],
            Timeout = 180_000,
        });
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var said = await process.StandardError.ReadToEndAsync() + await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} failed: {said}");
    }
}
