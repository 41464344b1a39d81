using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Certificates.Pkcs11;
using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Tests.Certificates;

/// <summary>Keys in a real token of SoftHSM: what is there, what is missing, and a PIN that is wrong.</summary>
public sealed class TokenTests : IDisposable
{
    private readonly string _state = Directory.CreateTempSubdirectory("montalegre-token-").FullName;

    private string First => Path.Combine(_state, "key-encryption.key");

    public void Dispose() => Directory.Delete(_state, recursive: true);

    [Fact]
    public void First_start_makes_a_key_in_the_token_and_the_file_only_names_it()
    {
        var options = SoftHsm.Options(_state, "certo");
        options.KeyLabel = $"chave {Guid.NewGuid():N}";
        var box = Box(options, out var ring);
        var closed = box.Seal("segredo"u8, "place");

        Assert.Equal($"pkcs11:token=certo;object={Uri.EscapeDataString(options.KeyLabel)};type=secret-key", File.ReadAllText(First).Trim());
        Assert.IsType<TokenKey>(ring.Sealing.Wrapping);
        Assert.Equal(SecretBox.Head(ring.Sealing), closed[..9]);
        Assert.Equal("segredo"u8, box.Open(closed, "place")!);
        Assert.Equal("segredo"u8, Box(options, out _).Open(closed, "place")!);
        Assert.Null(box.Open(closed, "another place"));
        for (var i = 0; i < closed.Length; i++)
        {
            var changed = closed.ToArray();
            changed[i] ^= 1;
            Assert.Null(box.Open(changed, "place"));
        }

        // Another key of the same token is another key, and names itself otherwise.
        File.Delete(First);
        options.KeyLabel += " b";
        Assert.Equal(Convert.ToHexStringLower(closed[1..9]), Box(options, out _).MissingKey(closed));
    }

    [Fact]
    public void Many_threads_share_one_session()
    {
        var options = SoftHsm.Options(_state, "certo");
        options.KeyLabel = $"{Guid.NewGuid():N}";
        var box = Box(options, out _);

        Parallel.For(0, 200, i =>
        {
            var secret = RandomNumberGenerator.GetBytes(100);
            Assert.Equal(secret, box.Open(box.Seal(secret, $"{i}"), $"{i}"));
        });
    }

    [Fact]
    public void New_key_is_in_the_token_or_in_a_file_as_is_wished_and_one_whose_file_was_not_written_is_found_again()
    {
        var options = SoftHsm.Options(_state, "certo");
        options.KeyLabel = $"{Guid.NewGuid():N}";
        File.WriteAllText(First, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        File.SetUnixFileMode(First, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var files = Files(options);

        files.MakeNext(toFile: false);
        var made = files.Read().Single(k => k.Number == 2);
        Assert.IsType<TokenKey>(made.Wrapping);
        File.Delete(First + "-2.next");   // killed between the token and the file
        files.MakeNext(toFile: false);
        Assert.Equal(made.Id, files.Read().Single(k => k.Number == 2).Id);
        files.MakeNext(toFile: true);
        Assert.IsType<FileKey>(files.Read().Single(k => k.Number == 3).Wrapping);
        Assert.Contains("Certificates:Pkcs11:Module is not set", Assert.Throws<StartUpException>(() => Files(new()).Read()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_pin_is_tried_once_and_the_right_one_then_counts()
    {
        var options = SoftHsm.Options(_state, "errado", "falso-4711");

        var first = Assert.Throws<StartUpException>(() => Files(options).Read()).Message;
        Assert.Contains("was tried once", first, StringComparison.Ordinal);
        var second = Assert.Throws<StartUpException>(() => Files(options).Read()).Message;
        Assert.Contains("refused the PIN in", second, StringComparison.Ordinal);
        Assert.Contains(options.PinFile!, second, StringComparison.Ordinal);
        Assert.DoesNotContain("falso-4711", first + second, StringComparison.Ordinal);
        Assert.All(Directory.GetFiles(_state, "pkcs11-pin-refused-*"), f => Assert.DoesNotContain("falso", File.ReadAllText(f), StringComparison.Ordinal));

        SoftHsm.Write(options.PinFile!, SoftHsm.Pin);
        Assert.IsType<TokenKey>(Assert.Single(Files(options).Read()).Wrapping);
        Assert.All(Directory.GetFiles(_state, "pkcs11-pin-refused-*"), f => Assert.Empty(File.ReadAllBytes(f)));
    }

    [Fact]
    public void Of_many_processes_one_tries_a_pin_and_no_other_after_it()
    {
        var options = new Pkcs11Options { Module = SoftHsm.Module, TokenLabel = "x", PinFile = Path.Combine(_state, "pin") };
        SoftHsm.Write(options.PinFile, "falso");
        var tries = 0;

        Parallel.For(0, 8, _ => Assert.Throws<StartUpException>(() => new TokenPin(options, null, _state).Use("x", _ => Interlocked.Increment(ref tries) == 0)));

        Assert.Equal(1, tries);
        SoftHsm.Write(options.PinFile, "certo");
        new TokenPin(options, null, _state).Use("x", pin => pin.AsSpan().SequenceEqual("certo"u8));
    }

    [Fact]
    public void What_is_missing_is_named_with_the_way_out()
    {
        var options = SoftHsm.Options(_state, "vazio");
        string Why() => Assert.Throws<StartUpException>(() => Files(options).Read()).Message;

        (options.Module, var module) = ("/usr/lib/nada.so", options.Module);
        Assert.Contains("/usr/lib/nada.so, which does not exist", Why(), StringComparison.Ordinal);
        options.Module = typeof(TokenTests).Assembly.Location;
        Assert.Contains("cannot be used", Why(), StringComparison.Ordinal);
        options.Module = module;
        options.TokenLabel = "perdido";
        Assert.Matches("no token perdido; .* has .*vazio", Why());
        options.TokenLabel = "vazio";
        (options.PinFile, var pin) = (Path.Combine(_state, "nenhum"), options.PinFile);
        Assert.Contains("PIN file", Why(), StringComparison.Ordinal);
        options.PinFile = null;
        Assert.Contains("LoadCredential=montalegre-pin:", Why(), StringComparison.Ordinal);
        File.SetUnixFileMode(pin!, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        options.PinFile = pin;
        Assert.Contains("chmod 0600", Why(), StringComparison.Ordinal);
        File.SetUnixFileMode(pin!, UnixFileMode.UserRead);
        File.WriteAllText(First, "pkcs11:token=vazio;object=nenhuma;type=secret-key\n");
        Assert.Contains("no AES key with the label nenhuma", Why(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pkcs11:object=x", "token")]
    [InlineData("pkcs11:token=x", "object")]
    [InlineData("pkcs11:token=x;object=y;type=private", "type")]
    [InlineData("pkcs11:token=x;object=y?pin-value=segredo", "object")]
    [InlineData("pkcs11:token=x;object=y;pin-value=segredo", "pin-value")]
    [InlineData("pkcs11:token=x;object=y;slot-id=1", "slot-id")]
    [InlineData("pkcs11:token=;object=y", "token")]
    public void Key_file_names_a_key_and_neither_library_nor_pin(string text, string part)
    {
        var why = Assert.Throws<StartUpException>(() => TokenKeyAddress.Parse(text, "f")).Message;

        Assert.Contains($"'{part}'", why.Replace("(at token)", "'token'", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain("segredo", why, StringComparison.Ordinal);
    }

    [Fact]
    public void Address_is_read_as_it_was_written()
    {
        var address = new TokenKeyAddress("um token; com = tudo?", "0a%", "chave/2");

        Assert.Equal(address, TokenKeyAddress.Parse(address.ToString(), "f"));
    }

    [Fact]
    public void Settings_that_cannot_work_are_named()
    {
        Assert.Empty(new Pkcs11Options().Problems());
        Assert.Empty(new Pkcs11Options { Module = "/x.so", TokenLabel = "x", PinFile = "/y" }.Problems());
        Assert.Contains("Certificates:Pkcs11:Module is not set", Assert.Single(new Pkcs11Options { TokenLabel = "x" }.Problems()), StringComparison.Ordinal);
        Assert.Equal(4, new Pkcs11Options { Module = "x.so", KeyLabel = "", PinFile = "y" }.Problems().Count());
    }

    private SecretBox Box(Pkcs11Options options, out KeyRing ring) => new(ring = new(Files(options), NullLogger<KeyRing>.Instance));

    private KeyFiles Files(Pkcs11Options options) =>
        new(Options.Create(new CertificatesOptions { Pkcs11 = options, CredentialsDirectory = null }), Options.Create(new HostingOptions { StateDirectory = _state }));
}
