using System.Text.Json;
using Montalegre.Vdi.Broker.Tests.Identity;

namespace Montalegre.Vdi.Broker.Tests.Cli;

/// <summary>How the command line signs in, keeps that, and says what went wrong.</summary>
public sealed class CliTests(TestCluster cluster) : CliRig(cluster)
{
    [Fact]
    public async Task First_administrator_is_made_and_kept_signed_in_with_a_file_for_its_owner_alone()
    {
        var made = await SetUpAsync();

        Assert.Equal((0, ""), (made.Code, made.Output));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(SavedFile));
        Assert.DoesNotContain(TestApi.Password, await File.ReadAllTextAsync(SavedFile, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        var users = await RunAsync("users", "list");
        Assert.Contains("rosa", users.Output, StringComparison.Ordinal);
        Assert.Contains("ADMINISTRATOR", users.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scripts_read_json()
    {
        await SetUpAsync();

        var created = await RunAsync("users", "create", "rui", "--display-name", "Rui Costa", "--password-stdin", "--json");
        var audit = await RunAsync("audit", "--limit", "1", "--json");

        Assert.Equal("Rui Costa", JsonDocument.Parse(created.Output).RootElement.GetProperty("displayName").GetString());
        Assert.Equal("user.create", JsonDocument.Parse(audit.Output).RootElement.GetProperty("events")[0].GetProperty("action").GetString());
    }

    [Fact]
    public async Task Refusal_is_a_code_and_a_sentence_in_the_persons_language()
    {
        await SetUpAsync();

        var english = await RunAsync("users", "create", "root", "--password-stdin");
        var portuguese = await InLanguageAsync("pt-PT", "users", "disable", "rosa");

        Assert.Equal((1, "INVALID_FIELD: A field does not have a valid value. (user_name)\n"), (english.Code, english.Talk));
        Assert.Equal((1, "LAST_ADMINISTRATOR: Este é o último administrador ativo com a função em seu nome; por um grupo não conta. Ative outro ou dê-lha primeiro. (rosa)\n"), (portuguese.Code, portuguese.Talk));
    }

    [Fact]
    public async Task Without_a_sign_in_and_after_signing_out_the_way_to_sign_in_is_named()
    {
        var before = await RunAsync("users", "list");
        await SetUpAsync();
        Assert.Equal(0, (await RunAsync("sign-out")).Code);
        var after = await RunAsync("users", "list");
        Assert.Equal(0, (await RunAsync("sign-in", "rosa", "--password-stdin", "--authenticator-file", Authenticator)).Code);

        Assert.Equal((1, true), (before.Code, before.Talk.Contains("montalegre sign-in", StringComparison.Ordinal)));
        Assert.Equal((1, true), (after.Code, after.Talk.Contains("SIGN_IN_EXPIRED", StringComparison.Ordinal)));
        Assert.Equal(0, (await RunAsync("users", "list")).Code);
    }

    [Fact]
    public async Task Token_is_not_sent_to_another_server()
    {
        await SetUpAsync();

        var elsewhere = await RunAsync("users", "list", "--server", "https://127.0.0.1:1");

        Assert.Equal((1, true), (elsewhere.Code, elsewhere.Talk.StartsWith("SIGN_IN_EXPIRED", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Broker_that_is_away_or_not_trusted_is_reported_as_such()
    {
        var away = await RunAsync("status", "--server", "https://127.0.0.1:1");
        File.Copy(Path.Combine(Broker.StateDirectory, "authority.pem"), Path.Combine(Home, "authority.pem"));
        var untrusted = await RunBareAsync("en", "status", "--server", Broker.ApiAddress);

        Assert.Equal((1, true), (away.Code, away.Talk.StartsWith("BROKER_UNAVAILABLE", StringComparison.Ordinal)));
        Assert.Equal(1, untrusted.Code);
        Assert.Contains("certificate", untrusted.Talk, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("pools", "fly")]
    [InlineData("users", "create")]
    [InlineData("users", "list", "--colour=red")]
    [InlineData("pools", "resize", "a", "many")]
    [InlineData("audit", "--limit")]
    public async Task Command_that_cannot_be_understood_says_what(params string[] typed)
    {
        var refused = await RunAsync(typed);

        Assert.Equal((2, ""), (refused.Code, refused.Output));
        Assert.StartsWith("Not understood: ", refused.Talk, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_has_only_passkeys_is_told_what_else_signs_in_here_and_a_recovery_code_does()
    {
        var recovery = (await SetUpAsync()).Talk.Split('\n').Select(line => line.Trim()).First(line => line.Split('-').Length == 4);
        await using (var command = Broker.Database.DataSource.CreateCommand("""
            with app as (delete from totp returning user_id)
            insert into passkey (passkey_id, user_id, credential_id, name, public_key, sign_count, transports, user_verified, backup_eligible, backed_up)
            select gen_random_uuid(), user_id, '\x01', 'Chave', '\x01', 0, '', true, false, false from app
            """)) Assert.Equal(1, await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));

        var refused = await RunAsync("sign-in", "rosa", "--password-stdin");
        Assert.Equal(1, refused.Code);
        Assert.Contains("PASSKEY_NEEDS_BROWSER: This account has passkeys only", refused.Talk, StringComparison.Ordinal);
        Assert.Contains("API", (await InLanguageAsync("pt-PT", "sign-in", "rosa", "--password-stdin", "--authenticator-file", Authenticator)).Talk, StringComparison.Ordinal);
        Assert.Equal("PASSKEY_NEEDS_BROWSER", JsonDocument.Parse((await RunAsync("sign-in", "rosa", "--password-stdin", "--authenticator-file", Authenticator, "--json")).Output).RootElement.GetProperty("reason").GetString());

        Code = recovery;
        Assert.Contains("Signed in: rosa", (await RunAsync("sign-in", "rosa", "--password-stdin")).Talk, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Audit_record_is_exported_and_verified_without_a_network()
    {
        await SetUpAsync();
        await RunAsync("users", "create", "rui", "--password-stdin");
        var (file, key) = (Path.Combine(Home, "audit.jsonl"), Path.Combine(Home, "audit.pem"));
        await Agents.Until.TrueAsync(async () =>
        {
            await DoneAsync("audit", "export", file);
            return (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).Contains("user.create", StringComparison.Ordinal);
        }, "what was done is sealed");
        var verified = await DoneAsync("audit", "verify");
        await File.WriteAllTextAsync(key, await DoneAsync("audit", "keys"), TestContext.Current.CancellationToken);
        await DoneAsync("audit", "export", file);
        var head = verified[(verified.LastIndexOf(' ') + 1)..].Trim();

        var good = await RunAsync("audit", "verify", file, "--key", key, "--head", head);
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).Replace("user.create", "user.delete", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        var bad = await RunAsync("audit", "verify", file);

        Assert.Equal((0, ""), (good.Code, good.Talk));
        Assert.Equal(4, bad.Code);
        Assert.Matches("First bad batch: [0-9]+, entry [0-9]+: entry_changed", bad.Output);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public async Task Program_calls_with_a_key_from_a_file_of_its_owner_alone()
    {
        await SetUpAsync();
        var file = Path.Combine(Home, "key");
        await DoneAsync("keys", "make", "nightly", "read_only", "--days", "30", "--file", file);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal(0, (await RunAsync("sign-out")).Code);

        Assert.Contains("rosa", await DoneAsync("users", "list", "--api-key-file", file), StringComparison.Ordinal);
        Assert.StartsWith("PERMISSION_MISSING", (await RunAsync("users", "disable", "rosa", "--api-key-file", file)).Talk, StringComparison.Ordinal);
        Assert.StartsWith("SIGN_IN_EXPIRED", (await RunAsync("users", "list")).Talk, StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync("users", "list", "--api-key-file", Path.Combine(Home, "none"))).Code);

        await RunAsync("sign-in", "rosa", "--password-stdin", "--authenticator-file", Authenticator);
        Assert.Equal(2, (await RunAsync("keys", "make", "other", "read_only", "--days", "30", "--file", file)).Code);
        Assert.StartsWith("mvdi_key_", await DoneAsync("keys", "make", "shown", "administrator", "--days", "1"), StringComparison.Ordinal);
        Assert.Contains("127.0.0.1", (await DoneAsync("keys", "list")).Split('\n').Single(l => l.StartsWith("nightly", StringComparison.Ordinal)), StringComparison.Ordinal);
        await DoneAsync("keys", "revoke", "nightly");
        Assert.StartsWith("API_KEY_INVALID", (await RunAsync("users", "list", "--api-key-file", file)).Talk, StringComparison.Ordinal);
    }
}
