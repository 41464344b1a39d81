using System.Text.Json;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Rig.OpenId;

namespace Montalegre.Vdi.Broker.Tests.Cli;

/// <summary>Roles, directories, providers and cards.</summary>
public sealed class PeopleCommandTests(TestCluster cluster) : CliRig(cluster)
{
    [Fact]
    public async Task Role_is_given_over_endpoints_and_over_people_by_name()
    {
        await SetUpAsync();
        await DoneAsync("endpoints", "make", "Escola", "10.40.0.0/16");
        await DoneAsync("endpoints", "networks", "escola", "10.41.0.0/16", "2001:db8:9::/48");
        Assert.Contains("10.41.0.0/16 2001:db8:9::/48", (await RunAsync("endpoints", "list")).Output, StringComparison.Ordinal);
        await DoneAsync("users", "create", "rui", "--display-name", "Rui Costa", "--password-stdin");
        await DoneAsync("groups", "create", "Obras");
        await DoneAsync("roles", "grant", "rui", "help_desk", "--endpoints", "Escola");
        await DoneAsync("roles", "grant", "rui", "read_only", "--people-of", "Obras");
        var held = (await RunAsync("roles", "grants", "--user", "rui")).Output;
        Assert.Contains("endpoints of Escola", held, StringComparison.Ordinal);
        Assert.Contains("people of Obras", held, StringComparison.Ordinal);
        Assert.StartsWith("ENDPOINTS_IN_USE", (await RunAsync("endpoints", "delete", "Escola")).Talk, StringComparison.Ordinal);
        await DoneAsync("roles", "take-away", "rui", "help_desk", "--endpoints", "Escola");
        await DoneAsync("endpoints", "delete", "Escola");
    }

    [Fact]
    public async Task Directory_is_changed_in_what_is_written_and_the_password_goes_to_the_saved_server_only()
    {
        await SetUpAsync();
        await DoneAsync("directories", "add", "Camara", "--kind", "rfc2307", "--servers", "dc1.camara.pt,dc2.camara.pt", "--base", "dc=camara,dc=pt", "--bind", "cn=leitor,dc=camara,dc=pt", "--start-tls", "--domains", "camara.pt", "--password-stdin");

        // A password that is not needed is not asked for: reading one without a terminal would be refused.
        var changed = LdapDirectory(await DoneAsync("directories", "change", "camara", "--name", "Municipio", "--state", "off", "--sync-minutes", "60", "--json"));
        Assert.Equal(("Municipio", true, 60u, "dc=camara,dc=pt", true, "dc1.camara.pt dc2.camara.pt"), (changed.Name, changed.Disabled, changed.SyncMinutes, changed.BaseDn, changed.StartTls, string.Join(' ', changed.Servers)));
        var moved = LdapDirectory(await DoneAsync("directories", "change", "Municipio", "--servers", "ldap.camara.pt", "--start-tls=no", "--state", "on", "--password-stdin", "--json"));
        Assert.Equal(("ldap.camara.pt", false, false, "camara.pt"), (string.Join(' ', moved.Servers), moved.StartTls, moved.Disabled, string.Join(' ', moved.Domains)));
        Assert.Equal(2, (await RunAsync("directories", "change", "Municipio", "--state", "maybe")).Code);
        Assert.Equal(1, (await RunAsync("directories", "change", "nowhere", "--state", "on")).Code);

        static Contracts.Admin.V1.LdapDirectory LdapDirectory(string json) => Contracts.Admin.V1.LdapDirectory.Parser.ParseJson(json);
    }

    [Fact]
    public async Task Authority_of_cards_is_added_tried_linked_listed_and_removed()
    {
        await SetUpAsync();
        using var cards = new ClientCertificates.CardAuthority("Cartões");
        using var card = cards.Issue("BI00000001");
        var (authority, certificate) = (Path.Combine(Home, "cards.pem"), Path.Combine(Home, "card.pem"));
        await File.WriteAllTextAsync(authority, cards.Pem, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(certificate, card.ExportCertificatePem(), TestContext.Current.CancellationToken);
        Assert.Equal(1, (await RunAsync("certificate-authorities", "test", certificate)).Code);
        Assert.NotEqual(0, (await RunAsync("certificate-authorities", "add", "Cartões", "--certificates", authority)).Code);       // revocation has no default
        await DoneAsync("certificate-authorities", "add", "Cartões", "--certificates", authority, "--revocation", "off", "--names-by", "serial", "--pattern", "BI[0-9]+", "--both-factors");
        var tried = await RunAsync("certificate-authorities", "test", certificate);
        Assert.Equal((1, true), (tried.Code, (tried.Output + tried.Talk).Contains("BI00000001", StringComparison.Ordinal)));
        await DoneAsync("certificate-authorities", "link", "cartões", "BI00000001", "rosa");
        Assert.Contains("rosa", await DoneAsync("certificate-authorities", "test", certificate), StringComparison.Ordinal);
        Assert.Contains("BI00000001", await DoneAsync("certificate-authorities", "links", "Cartões"), StringComparison.Ordinal);
        var kept = JsonDocument.Parse(await DoneAsync("certificate-authorities", "list", "--json")).RootElement.GetProperty("authorities")[0];
        Assert.Equal(("Cartões", true, 1), (kept.GetProperty("name").GetString(), kept.GetProperty("bothFactors").GetBoolean(), kept.GetProperty("links").GetInt32()));
        await DoneAsync("certificate-authorities", "unlink", "Cartões", "BI00000001");
        await DoneAsync("certificate-authorities", "remove", "Cartões");
        Assert.DoesNotContain("Cartões", await DoneAsync("certificate-authorities", "list"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Provider_is_tried_added_listed_and_removed()
    {
        await SetUpAsync();
        await using var provider = await OpenIdProvider.StartAsync([new("https://portal.camara.test")]);
        var authority = Path.Combine(Home, "provider.pem");
        await File.WriteAllTextAsync(authority, provider.Authority, TestContext.Current.CancellationToken);
        string[] settings = ["Câmara", "--issuer", provider.Issuer, "--client", "montalegre", "--authorities", authority, "--scopes", "profile,groups", "--groups", "7c4-obras=Obras", "--only-groups"];
        var tried = await RunAsync(["oidc", "test", .. settings]);
        Assert.Equal((0, true), (tried.Code, tried.Output.Contains("signs out there, too", StringComparison.Ordinal) || tried.Talk.Contains("signs out there, too", StringComparison.Ordinal)));
        Assert.NotEqual(0, (await RunAsync("oidc", "test", "Câmara", "--issuer", "https://127.0.0.1:1", "--client", "montalegre")).Code);
        Assert.Equal(0, (await RunAsync(["oidc", "add", .. settings, "--password-stdin"])).Code);

        var listed = await RunAsync("oidc", "list", "--json");
        var kept = JsonDocument.Parse(listed.Output).RootElement.GetProperty("providers")[0];
        Assert.Equal((provider.Issuer, true, "Obras"), (kept.GetProperty("issuer").GetString(), kept.GetProperty("onlyMapped").GetBoolean(), kept.GetProperty("groups")[0].GetProperty("name").GetString()));
        Assert.DoesNotContain(TestApi.Password, listed.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("oidc", "remove", "câmara")).Code);
        Assert.DoesNotContain("Câmara", (await RunAsync("oidc", "list")).Output, StringComparison.Ordinal);
    }
}
