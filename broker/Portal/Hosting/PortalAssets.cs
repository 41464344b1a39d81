using System.Security.Cryptography;

namespace Montalegre.Vdi.Portal.Hosting;

/// <summary>The style sheet, the script and the icon, each at an address that names its content, so that browsers may keep it for ever.</summary>
public sealed class PortalAssets
{
    private readonly Dictionary<string, Asset> _byPath = [];

    public PortalAssets()
    {
        Css = Add("portal", "css", "text/css; charset=utf-8");
        Script = Add("portal", "js", "text/javascript; charset=utf-8");
        Icon = Add("icon", "svg", "image/svg+xml");
    }

    public string Css { get; }
    public string Script { get; }
    public string Icon { get; }

    internal Asset? Find(string name) => _byPath.GetValueOrDefault(name);

    private string Add(string name, string extension, string contentType)
    {
        using var stream = typeof(PortalAssets).Assembly.GetManifestResourceStream($"assets/{name}.{extension}")
            ?? throw new InvalidOperationException($"The portal was built without its asset {name}.{extension}.");
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        var bytes = copy.ToArray();
        var named = $"{name}.{Convert.ToHexStringLower(SHA256.HashData(bytes))[..12]}.{extension}";
        _byPath[named] = new Asset(bytes, contentType);
        return $"/assets/{named}";
    }

    internal sealed record Asset(byte[] Bytes, string ContentType);
}
