using System.Security.Cryptography;
using System.Text;

namespace Montalegre.Vdi.Rig.Images;

/// <summary>A golden image on this computer: one qcow2 disk that boots by itself.</summary>
public sealed record GoldenImageFile(string Path, string Hash);

/// <summary>
/// Builds the golden image from its recipe and keeps it by the hash of everything that went in, outside the checkout.
/// Two levels: the base (Debian packages, a minute or two) changes seldom, our own files over it (seconds) often.
/// </summary>
/// <param name="recipe">The folder agent/Image.</param>
/// <param name="pamModule">The built pam_montalegre.so.</param>
/// <param name="agent">The folder that the agent was published to; null makes an image without an agent.</param>
/// <param name="cache">Where images are kept; null is montalegre-vdi/images in the user's cache folder.</param>
public sealed class GoldenImage(string recipe, string pamModule, string? agent, string? cache = null)
{
    private readonly string _cache = cache ?? DefaultCache();

    /// <summary>Answers the image, from the cache where possible. Progress is one sentence a step.</summary>
    public async Task<GoldenImageFile> BuildAsync(IProgress<string>? progress, CancellationToken ct)
    {
        Directory.CreateDirectory(_cache);
        var baseHash = HashOf(BaseFiles());
        var hash = HashOf([.. BaseFiles(), .. LayerFiles()]);
        var image = Path.Combine(_cache, $"{hash}.qcow2");
        if (File.Exists(image)) return new GoldenImageFile(image, hash);

        // Two processes may want the same image; the second waits and then finds it.
        await using var turn = await WaitForTurnAsync(ct);
        if (File.Exists(image)) return new GoldenImageFile(image, hash);

        var @base = Path.Combine(_cache, $"base-{baseHash}.raw");
        if (!File.Exists(@base)) await BuildBaseAsync(@base, progress, ct);
        progress?.Report("Putting settings, PAM module and agent into the image");
        var scratch = Directory.CreateDirectory(Path.Combine(_cache, $"new-{hash}")).FullName;
        try
        {
            var made = Path.Combine(scratch, "image.qcow2");
            await Command.RunAsync(Path.Combine(recipe, "layer.sh"), [@base, made, pamModule, .. agent is null ? [] : new[] { agent }], tell: null, ct);
            File.Move(made, image, overwrite: true);
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
        return new GoldenImageFile(image, hash);
    }

    private async Task BuildBaseAsync(string @base, IProgress<string>? progress, CancellationToken ct)
    {
        progress?.Report("Building the base of the golden image with mmdebstrap; this takes a minute or two, once");
        var scratch = Directory.CreateDirectory(@base + ".new").FullName;
        try
        {
            // mmdebstrap says what it does in lines that start with "I: ".
            await Command.RunAsync(Path.Combine(recipe, "base.sh"), [scratch], line => { if (line.StartsWith("I: ", StringComparison.Ordinal) && !line.Contains("hook", StringComparison.Ordinal)) progress?.Report($"mmdebstrap: {line[3..]}"); }, ct);
            File.Move(Path.Combine(scratch, "base.raw"), @base, overwrite: true);
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    private IEnumerable<(string Name, string Path)> BaseFiles() =>
        [.. Files("base", Path.Combine(recipe, "base")), ("base.sh", Path.Combine(recipe, "base.sh")), ("packages", Path.Combine(recipe, "packages"))];

    private IEnumerable<(string Name, string Path)> LayerFiles() =>
    [
        .. Files("root", Path.Combine(recipe, "root")), ("layer.sh", Path.Combine(recipe, "layer.sh")), ("pam", pamModule),
        .. agent is null ? [] : Files("agent", agent).Where(file => Path.GetExtension(file.Path) is not (".dbg" or ".pdb")),
    ];

    private static IEnumerable<(string Name, string Path)> Files(string name, string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal)
            .Select(path => ($"{name}/{Path.GetRelativePath(folder, path)}", path));

    private static string HashOf(IEnumerable<(string Name, string Path)> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, path) in files)
        {
            var executable = !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & UnixFileMode.UserExecute) != 0;
            var content = SHA256.HashData(File.ReadAllBytes(path));
            hash.AppendData(Encoding.UTF8.GetBytes($"{name}\0{executable}\0{Convert.ToHexStringLower(content)}\n"));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }

    private async Task<FileStream> WaitForTurnAsync(CancellationToken ct)
    {
        while (true)
        {
            try
            {
                return new FileStream(Path.Combine(_cache, "building"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(500), ct);
            }
        }
    }

    private static string DefaultCache()
    {
        var root = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } given
            ? given
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.Combine(root, "montalegre-vdi", "images");
    }
}
