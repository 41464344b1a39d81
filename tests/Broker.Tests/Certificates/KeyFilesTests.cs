using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Tests.Certificates;

/// <summary>Where keys come from, which of them seals, and what opens.</summary>
public sealed class KeyFilesTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("montalegre-keys-").FullName;

    private string State => Path.Combine(_root, "state");

    private string First => Path.Combine(State, "key-encryption.key");

    public KeyFilesTests() => Directory.CreateDirectory(State);

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Named_file_goes_before_the_credential_and_the_credential_before_the_file_of_the_state_directory()
    {
        var credentials = Directory.CreateDirectory(Path.Combine(_root, "credentials")).FullName;
        var named = Key(Path.Combine(_root, "named.key"), "named");
        Key(First, "own");

        Assert.Equal(First, Files(credentials: credentials).Path);
        var credential = Key(Path.Combine(credentials, "montalegre-key"), "credential", UnixFileMode.UserRead);

        Assert.Equal(credential, Assert.Single(Files(credentials: credentials).Read()).File);
        Assert.Equal(named, Assert.Single(Files(named, credentials).Read()).File);
        Assert.Equal(First, Assert.Single(Files().Read()).File);
        Assert.Equal(Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY"), new CertificatesOptions().CredentialsDirectory);
    }

    [Fact]
    public void Credential_that_others_can_read_stops_the_start_and_a_key_is_never_made_among_credentials()
    {
        var credentials = Directory.CreateDirectory(Path.Combine(_root, "credentials")).FullName;
        var credential = Key(Path.Combine(credentials, "montalegre-key"), "credential", UnixFileMode.UserRead | UnixFileMode.OtherRead);
        var files = Files(credentials: credentials + "/");

        Assert.Contains("can be read by others", Assert.Throws<StartUpException>(() => files.Read()).Message, StringComparison.Ordinal);
        File.SetUnixFileMode(credential, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        Assert.Single(files.Read());
        Assert.Contains("LoadCredential=montalegre-key-2:", Assert.Throws<StartUpException>(() => files.MakeNext(toFile: false)).Message, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(credentials));
    }

    [Fact]
    public void Box_from_before_keys_had_names_opens_and_a_box_names_its_key()
    {
        Key(First, "one");
        var box = Box(out var ring);
        var closed = box.Seal("segredo"u8, "place");

        Assert.Equal(SecretBox.Head(ring.Sealing), closed[..9]);
        Assert.Equal("segredo"u8, box.Open(Old(closed), "place")!);
        Assert.Null(box.Open(Old(closed), "another place"));
        Assert.Null(box.MissingKey(closed));
        Key(First, "another");
        Assert.Equal(ring.Sealing.Name, Box(out _).MissingKey(closed));
        Assert.Null(Box(out _).Open(Old(closed), "place"));
    }

    [Fact]
    public void New_key_opens_as_soon_as_it_is_there_seals_once_it_may_and_the_old_one_opens_until_it_is_removed()
    {
        Key(First, "one");
        var box = Box(out var ring);
        var files = Files();
        var old = box.Seal("antes"u8, "place");
        var oldest = Old(old);

        files.MakeNext(toFile: false);
        Assert.Equal(1, ring.Sealing.Number);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(First + "-2.next"));
        // Another node, to which it was copied under its lasting name, seals with it already.
        var ahead = Directory.CreateDirectory(Path.Combine(_root, "other")).FullName;
        File.Copy(First, Path.Combine(ahead, "k"));
        File.Copy(First + "-2.next", Path.Combine(ahead, "k-2"));
        Assert.Equal("outro"u8, box.Open(new SecretBox(new(Files(Path.Combine(ahead, "k")), NullLogger<KeyRing>.Instance)).Seal("outro"u8, "place"), "place")!);

        files.Activate(ring.All.Single(k => k.Use is KeyUse.Next));
        Assert.Equal(First + "-2", ring.Sealing.File);
        var fresh = box.Seal("depois"u8, "place");
        Assert.Equal(First + ".retired", files.Retire(ring.All.Single(k => k.Number == 1)));
        foreach (var now in new[] { box, Box(out _) })
        {
            Assert.Equal("antes"u8, now.Open(old, "place")!);
            Assert.Equal("antes"u8, now.Open(oldest, "place")!);
            Assert.Equal("depois"u8, now.Open(fresh, "place")!);
        }

        File.Delete(First + ".retired");
        Assert.Null(Box(out _).Open(old, "place"));
        Assert.Equal("depois"u8, Box(out var left).Open(fresh, "place")!);
        Assert.Equal(2, Assert.Single(left.All).Number);
    }

    [Fact]
    public void Key_that_is_half_copied_does_not_disturb_those_that_are_there_and_counts_when_it_is_whole()
    {
        Key(First, "one");
        var box = Box(out var ring);
        var closed = box.Seal("segredo"u8, "place");

        File.WriteAllText(First + "-2", "bWVpYSBjaGF2ZQ==");
        Assert.Equal(1, ring.Sealing.Number);
        Assert.Equal("segredo"u8, box.Open(closed, "place")!);
        Assert.Contains("holds 10 bytes", Assert.Throws<StartUpException>(() => Files().Read()).Message, StringComparison.Ordinal);
        Key(First + "-2", "two");
        Assert.Equal(2, ring.Sealing.Number);
    }

    [Fact]
    public void Without_a_key_that_seals_nothing_starts_and_drafts_of_killed_processes_are_no_keys()
    {
        Key(First + ".retired", "one");
        Key(First + ".4711", "draft");
        Key(First + "-2.next.4711", "draft");

        Assert.Contains("No key-encryption key seals", Assert.Throws<StartUpException>(() => Files().Read()).Message, StringComparison.Ordinal);
        Assert.Equal([First + ".retired"], Files().Names());
    }

    private static byte[] Old(byte[] box) => [1, .. box[9..]];

    private SecretBox Box(out KeyRing ring) => new(ring = new(Files(), NullLogger<KeyRing>.Instance));

    private KeyFiles Files(string? named = null, string? credentials = null) =>
        new(Options.Create(new CertificatesOptions { KeyFile = named, CredentialsDirectory = credentials }), Options.Create(new HostingOptions { StateDirectory = State }));

    private static string Key(string file, string text, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        File.WriteAllText(file, Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text))));
        File.SetUnixFileMode(file, mode);
        return file;
    }
}
