using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Montalegre.Vdi.Broker.Tests.Secrets;

/// <summary>Secrets that were given to a broker or came from it, and a search for them in what it keeps and says.</summary>
internal sealed class Canaries
{
    private const int Shortest = 8;
    private readonly List<(string Name, string Form, string Text, StringComparison How)> _forms = [];

    public HashSet<string> Names { get; } = [];

    /// <summary>A secret that is a text.</summary>
    public string Add(string name, string text)
    {
        Assert.True(text.Length >= Shortest, $"{name} is too short to be told from chance");
        Names.Add(name);
        _forms.Add((name, "plain", text, StringComparison.Ordinal));
        _forms.Add((name, "JSON", JsonSerializer.Serialize(text)[1..^1], StringComparison.OrdinalIgnoreCase));
        _forms.Add((name, "URL", Uri.EscapeDataString(text), StringComparison.OrdinalIgnoreCase));
        AddBytes(name, "UTF-8", Encoding.UTF8.GetBytes(text));
        AddBytes(name, "UTF-16LE", Encoding.Unicode.GetBytes(text));
        AddBytes(name, "UTF-16BE", Encoding.BigEndianUnicode.GetBytes(text));
        return text;
    }

    /// <summary>A token: its text, and the bits that the text stands for.</summary>
    public string AddToken(string name, string text, int prefix = 0)
    {
        AddBytes(name, "bits", Base64Url.DecodeFromChars(text.AsSpan(prefix)));
        return Add(name, text);
    }

    public void AddBytes(string name, string what, ReadOnlySpan<byte> bytes)
    {
        Names.Add(name);
        _forms.Add((name, $"{what} as they are", Encoding.Latin1.GetString(bytes), StringComparison.Ordinal));
        _forms.Add((name, $"{what} in hexadecimal", Convert.ToHexString(bytes), StringComparison.OrdinalIgnoreCase));
        // Base64 has three looks, by where in the group of three bytes the secret begins; its ends depend on its neighbours.
        for (var before = 0; before < 3; before++)
        {
            var whole = Convert.ToBase64String([.. new byte[before], .. bytes]);
            var from = (before * 8 + 5) / 6;
            var inner = whole[from..((before + bytes.Length) * 8 / 6)];
            _forms.Add((name, $"{what} in base64", inner, StringComparison.Ordinal));
            if (inner.AsSpan().IndexOfAny("+/") >= 0) _forms.Add((name, $"{what} in base64url", inner.Replace('+', '-').Replace('/', '_'), StringComparison.Ordinal));
        }
    }

    /// <summary>What is there and must not be: the name of each secret, in which form, and what stands around it with the secret cut out.</summary>
    public IEnumerable<string> FindIn(string where, byte[] content)
    {
        // As bytes, one character each; and once more as the text that it is, for what is not ASCII.
        foreach (var text in new[] { Encoding.Latin1.GetString(content), Encoding.UTF8.GetString(content) })
        {
            foreach (var (name, form, look, how) in _forms)
            {
                var at = text.IndexOf(look, how);
                if (at >= 0) yield return $"{name} ({form}) in {where}: {text[Math.Max(0, at - 80)..at]}[...]{text[(at + look.Length)..Math.Min(text.Length, at + look.Length + 40)]}".ReplaceLineEndings(" ");
            }
        }
    }
}
