using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Montalegre.Vdi.Broker.Tests.Secrets;

public sealed class CanariesTests
{
    [Theory]
    [InlineData("segredo é só meu")]
    [InlineData("zAZ09-_+/=?~zz")]
    public void Search_finds_a_secret_however_it_is_written(string secret)
    {
        var canaries = new Canaries();
        canaries.Add("it", secret);
        foreach (var bytes in new[] { Encoding.UTF8.GetBytes(secret), Encoding.Unicode.GetBytes(secret), Encoding.BigEndianUnicode.GetBytes(secret) })
        {
            for (var before = 0; before < 4; before++)
            {
                byte[] among = [.. Encoding.ASCII.GetBytes("abcdef"[..before]), .. bytes, .. "xyz"u8];
                Assert.NotEmpty(canaries.FindIn("bytes", among));
                Assert.NotEmpty(canaries.FindIn("base64", Encoding.ASCII.GetBytes(Convert.ToBase64String(among))));
                Assert.NotEmpty(canaries.FindIn("base64url", Encoding.ASCII.GetBytes(Base64Url.EncodeToString(among))));
                Assert.NotEmpty(canaries.FindIn("hex", Encoding.ASCII.GetBytes("\\x" + Convert.ToHexStringLower(among))));
            }
        }
        Assert.NotEmpty(canaries.FindIn("JSON", Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new { secret }))));
        Assert.NotEmpty(canaries.FindIn("URL", Encoding.UTF8.GetBytes("/x?y=" + Uri.EscapeDataString(secret))));
        Assert.Empty(canaries.FindIn("nothing", Encoding.UTF8.GetBytes("segredo e so meu")));
    }
}
