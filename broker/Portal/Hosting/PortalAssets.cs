using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Montalegre.Vdi.Portal.InBrowser;
using Montalegre.Vdi.Portal.Languages;

namespace Montalegre.Vdi.Portal.Hosting;

/// <summary>
/// Style sheets, scripts and icons, each at an address that names its content, so that browsers may keep it for ever. The
/// modules of the desktop name each other, so they share one folder, which is named by all of them together.
/// </summary>
public sealed class PortalAssets
{
    private const string Prefix = "assets/";
    private const string DesktopFolder = "desktop/";
    private readonly Dictionary<string, Asset> _byPath = [];
    private readonly Dictionary<string, string> _words = [];

    public PortalAssets()
    {
        Css = Add("portal.css");
        Script = Add("portal.js");
        PasskeyScript = Add("passkey.js");
        Icon = Add("icon.svg");
        Icon192 = Add("icon-192.png");
        Icon512 = Add("icon-512.png");
        IconMaskable = Add("icon-maskable-512.png");
        DesktopCss = Add("desktop.css");
        Desktop = AddDesktop();
        foreach (var t in new[] { Portuguese.Texts, English.Texts }) _words[t.Tag] = AddGenerated($"words-{t.Tag}", ScriptWords.Of(t));
        ServiceWorker = new Asset(Read("service-worker.js"), TypeOf("service-worker.js"));
    }

    public string Css { get; }
    public string Script { get; }

    /// <summary>For the pages that ask for a passkey.</summary>
    public string PasskeyScript { get; }

    public string Icon { get; }
    public string Icon192 { get; }
    public string Icon512 { get; }
    public string IconMaskable { get; }
    public string DesktopCss { get; }

    /// <summary>The folder of the desktop's modules; it starts with <c>main.js</c>.</summary>
    public string Desktop { get; }

    /// <summary>What the desktop's script says in this language.</summary>
    public string Words(Texts t) => _words[t.Tag];

    /// <summary>What an installed portal keeps, so that it opens at once.</summary>
    public IEnumerable<string> Shell => _byPath.Keys.Where(path => !path.EndsWith(".txt", StringComparison.Ordinal)).Select(path => $"/assets/{path}").Order(StringComparer.Ordinal);

    internal Asset ServiceWorker { get; }

    internal Asset? Find(string path) => _byPath.GetValueOrDefault(path);

    private string Add(string name)
    {
        var bytes = Read(name);
        var stem = Path.GetFileNameWithoutExtension(name);
        return Keep($"{stem}.{Hash(bytes)}{Path.GetExtension(name)}", bytes);
    }

    private string AddGenerated(string name, byte[] bytes) => Keep($"{name}.{Hash(bytes)}.json", bytes);

    private string AddDesktop()
    {
        var names = typeof(PortalAssets).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix + DesktopFolder, StringComparison.Ordinal)).Select(name => name[Prefix.Length..]).Order(StringComparer.Ordinal).ToList();
        var files = names.ToDictionary(name => name[DesktopFolder.Length..], Read);
        using var all = new MemoryStream();
        foreach (var (name, bytes) in files)
        {
            all.Write(Encoding.UTF8.GetBytes($"{name}\n{bytes.Length}\n"));
            all.Write(bytes);
        }
        var folder = $"desktop.{Hash(all.ToArray())}";
        foreach (var (name, bytes) in files) Keep($"{folder}/{name}", bytes);
        return $"/assets/{folder}";
    }

    private string Keep(string path, byte[] bytes)
    {
        _byPath[path] = new Asset(bytes, TypeOf(path));
        return $"/assets/{path}";
    }

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes))[..12];

    private static byte[] Read(string name)
    {
        using var stream = typeof(PortalAssets).Assembly.GetManifestResourceStream(Prefix + name)
            ?? throw new InvalidOperationException($"The portal was built without its asset {name}.");
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    private static string TypeOf(string path) => Path.GetExtension(path) switch
    {
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        ".png" => "image/png",
        ".json" => "application/json",
        ".txt" => "text/plain; charset=utf-8",
        var other => throw new InvalidOperationException($"The portal knows no content type for {other}."),
    };

    /// <summary>An asset, and its Brotli form where that is smaller. Nothing secret is ever compressed with it.</summary>
    internal sealed record Asset(byte[] Bytes, string ContentType)
    {
        public byte[]? Brotli { get; } = ContentType.StartsWith("image/png", StringComparison.Ordinal) ? null : Compress(Bytes);

        private static byte[] Compress(byte[] bytes)
        {
            using var target = new MemoryStream();
            using (var brotli = new BrotliStream(target, CompressionLevel.SmallestSize, leaveOpen: true)) brotli.Write(bytes);
            return target.ToArray();
        }
    }
}
