using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Tests.Certificates;

/// <summary>Several nodes on one database, each with a state directory of its own.</summary>
public sealed class InstallationTests(TestDatabase database) : IClassFixture<TestDatabase>, IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("montalegre-nodes-").FullName;
    private readonly List<CertificateAuthority> _authorities = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nodes_that_start_at_once_agree_on_one_authority_and_a_node_with_another_key_is_told_so()
    {
        var keyFile = KeyFile("shared.key");
        var nodes = Enumerable.Range(0, 8).Select(n => Node($"node{n}", keyFile)).ToArray();

        await Task.WhenAll(nodes.Select(n => n.LoadAsync(Token)));
        var stranger = Node("stranger", KeyFile("other.key"));
        var refusal = await Assert.ThrowsAsync<StartUpException>(() => stranger.LoadAsync(Token));

        Assert.Single(nodes.Select(n => n.Sha256).Distinct());
        Assert.Contains("Copy the key file of the first node", refusal.Message, StringComparison.Ordinal);
        using var exported = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(Path.Combine(_directory, "node3", "authority.pem"), Token));
        Assert.Equal(nodes[0].Certificate.RawData, exported.RawData);
    }

    [Fact]
    public async Task Server_certificate_is_renewed_when_a_third_of_its_life_is_left()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var authority = Node("renewal", KeyFile("shared.key"), time);
        await authority.LoadAsync(Token);
        var server = new ServerCertificate(authority, Options.Create(new CertificatesOptions()), time);
        var first = server.Context.TargetCertificate.SerialNumber;

        time.Advance(TimeSpan.FromDays(19));
        Assert.Equal(first, server.Context.TargetCertificate.SerialNumber);
        time.Advance(TimeSpan.FromDays(2));
        Assert.NotEqual(first, server.Context.TargetCertificate.SerialNumber);
    }

    [Fact]
    public async Task Demonstration_gets_a_server_certificate_with_its_names_that_only_our_user_can_read()
    {
        var authority = Node("demonstration", KeyFile("shared.key"));
        await authority.LoadAsync(Token);
        var options = new CertificatesOptions { DemonstrationServerNames = { "portal.localhost", "127.0.0.1" } };

        await new DemonstrationCertificate(authority, Options.Create(options), HostingOf("demonstration")).WriteAsync(Token);

        var directory = Path.Combine(_directory, "demonstration", "demonstration");
        using var certificate = X509Certificate2.CreateFromPemFile(Path.Combine(directory, "server.pem"), Path.Combine(directory, "server.key"));
        Assert.True(certificate.MatchesHostname("portal.localhost"));
        Assert.True(certificate.MatchesHostname("127.0.0.1"));
        Assert.False(certificate.MatchesHostname("broker.montalegre.internal"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(directory, "server.key")));
    }

    [Fact]
    public void Key_file_that_others_can_read_stops_the_start()
    {
        var path = KeyFile("open.key");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);

        var refusal = Assert.Throws<StartUpException>(() => Key("any", path).Read());

        Assert.Contains("chmod 0600", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Key_is_made_once_where_nobody_named_a_file()
    {
        var first = Assert.Single(Key("fresh", null).Read()).Id;

        Assert.Equal(KeyEncryptionKey.IdBytes, first.Length);
        Assert.Equal(first, Assert.Single(Key("fresh", null).Read()).Id);
    }

    [Fact]
    public void Named_key_file_that_is_missing_is_never_made_silently()
    {
        var refusal = Assert.Throws<StartUpException>(() => Key("any", Path.Combine(_directory, "missing.key")).Read());

        Assert.Contains("does not exist", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Box_opens_only_with_its_key_at_its_place_and_unchanged()
    {
        var box = new SecretBox(Ring("any", KeyFile("one.key")));
        var other = new SecretBox(Ring("any", KeyFile("two.key")));
        var closed = box.Seal("segredo"u8, "host.secret:1");

        Assert.Equal("segredo"u8.ToArray(), box.Open(closed, "host.secret:1"));
        Assert.Null(box.Open(closed, "host.secret:2"));
        Assert.Null(other.Open(closed, "host.secret:1"));
        for (var i = 0; i < closed.Length; i++)
        {
            closed[i] ^= 1;
            Assert.Null(box.Open(closed, "host.secret:1"));
            closed[i] ^= 1;
        }
        for (var length = 0; length < closed.Length; length++) Assert.Null(box.Open(closed.AsSpan(0, length), "host.secret:1"));
    }

    public void Dispose()
    {
        foreach (var authority in _authorities) authority.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private CertificateAuthority Node(string name, string keyFile, TimeProvider? time = null)
    {
        var keys = Ring(name, keyFile);
        var authority = new CertificateAuthority(new CertificateStore(database.DataSource), new SecretBox(keys), keys, HostingOf(name), time ?? TimeProvider.System, NullLogger<CertificateAuthority>.Instance);
        _authorities.Add(authority);
        return authority;
    }

    private KeyRing Ring(string node, string? keyFile) => new(Key(node, keyFile), NullLogger<KeyRing>.Instance);

    private KeyFiles Key(string node, string? keyFile) => new(Options.Create(new CertificatesOptions { KeyFile = keyFile }), HostingOf(node));

    private IOptions<HostingOptions> HostingOf(string node) =>
        Options.Create(new HostingOptions { StateDirectory = Directory.CreateDirectory(Path.Combine(_directory, node)).FullName });

    // A name stands for the same key in every test: the authority in the database of this class is closed with it.
    private string KeyFile(string name)
    {
        var path = Path.Combine(_directory, name);
        File.WriteAllText(path, Convert.ToBase64String(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(name))));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }
}
