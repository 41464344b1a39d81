using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Broker.Tests.Directories;

/// <summary>People of a real OpenLDAP sign in through the broker's API.</summary>
public sealed class OpenLdapTests(TestCluster cluster) : IAsyncLifetime
{
    private const string New = "seis rolas na eira";
    private DirectoryBroker _broker = null!;
    private OpenLdap _ldap = null!;

    public async ValueTask InitializeAsync()
    {
        _ldap = await OpenLdap.StartAsync();
        _broker = await DirectoryBroker.StartAsync(cluster);
    }

    public async ValueTask DisposeAsync()
    {
        if (_broker is not null) await _broker.DisposeAsync();
        if (_ldap is not null) await _ldap.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Person_signs_in_over_TLS_and_is_in_nested_groups(bool startTls)
    {
        await SaveAsync(Settings(startTls));

        var ana = await _broker.SignInAsync("Ana.Silva", OpenLdap.Password);

        Assert.Equal(("ana.silva", "Pessoa ana.silva"), (ana.UserName, ana.DisplayName));
        Assert.Equal(["circle", "servicos", "urbanismo"], await _broker.GroupsOfAsync("ana.silva"));
        Assert.Equal(ana.UserId, (await _broker.SignInAsync("ana.silva@camara.pt", OpenLdap.Password)).UserId);
        Assert.Equal(ana.UserId, (await _broker.SignInAsync("CAMARA\\ana.silva", OpenLdap.Password)).UserId);
        Assert.Equal(ReasonCode.SignInFailed, await _broker.RefusedAsync("ana.silva@elsewhere.pt", OpenLdap.Password));
        Assert.Equal(1, await _broker.ScalarAsync<int>("select count(*)::int from app_user where directory_id is not null"));
    }

    [Fact]
    public async Task Wrong_and_unknown_get_the_same_answer_and_no_more_tries_reach_the_directory_than_may()
    {
        var settings = Settings();
        settings.MostBadTries = 2;
        await SaveAsync(settings);
        foreach (var name in new[] { "tried", "nobody.here" })
        {
            Assert.Equal(ReasonCode.SignInFailed, await _broker.RefusedAsync(name, "wrong"));
            Assert.Equal(ReasonCode.SignInFailed, await _broker.RefusedAsync(name, "wrong too"));
            Assert.Equal(ReasonCode.TooManyTries, await _broker.RefusedAsync(name, OpenLdap.Password));
        }
        Assert.Equal(2, await _ldap.FailuresAsync("tried"));

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => _broker.RefusedAsync("pessoa7", "guess")));
        Assert.Equal(2, await _ldap.FailuresAsync("pessoa7"));       // many at once are no way around it
    }

    [Theory]
    [InlineData("*")]
    [InlineData("ana.*")]
    [InlineData("ana.silva)(uid=*")]
    [InlineData("cn=urbanismo,ou=groups,dc=camara,dc=pt")]
    public async Task Name_is_never_part_of_the_question(string name)
    {
        await SaveAsync(Settings());
        Assert.Equal(ReasonCode.SignInFailed, await _broker.RefusedAsync(name, OpenLdap.Password));
        Assert.Equal(ReasonCode.NameTaken, await _broker.RefusedAsync("odd*(name)", OpenLdap.Password));    // found, but no name for an account
    }

    [Fact]
    public async Task Empty_password_is_wrong_although_the_directory_would_take_it()
    {
        await SaveAsync(Settings());
        Assert.Equal(ReasonCode.SignInFailed, await _broker.RefusedAsync("ana.silva", ""));
    }

    [Theory]
    [InlineData("locked", ReasonCode.AccountLocked)]
    [InlineData("off", ReasonCode.AccountLocked)]
    public async Task Account_that_is_closed_says_so(string name, ReasonCode reason)
    {
        await SaveAsync(Settings());
        Assert.Equal(reason, await _broker.RefusedAsync(name, OpenLdap.Password));
    }

    [Theory]
    [InlineData("reset")]      // set by somebody else
    [InlineData("aged")]       // too old even to bind: the reading account changes it
    [InlineData("graced")]     // too old, and let through a few times
    public async Task Expired_password_is_changed_at_the_sign_in(string name)
    {
        await SaveAsync(Settings());

        Assert.Equal(ReasonCode.SignInFailed, await _broker.RefusedAsync(name, "wrong"));
        Assert.Equal(ReasonCode.PasswordExpired, await _broker.RefusedAsync(name, OpenLdap.Password));
        if (name == "reset") Assert.Equal(ReasonCode.NewPasswordRefused, await _broker.RefusedAsync(name, OpenLdap.Password, "short"));
        Assert.Equal(name, (await _broker.SignInAsync(name, OpenLdap.Password, New)).UserName);

        Assert.Equal(name, (await _broker.SignInAsync(name, New)).UserName);
        Assert.Equal(ReasonCode.SignInFailed, await _broker.RefusedAsync(name, OpenLdap.Password));
    }

    [Fact]
    public async Task Directory_that_does_not_answer_is_its_own_reason_and_removes_nobody()
    {
        var saved = await SaveAsync(Settings());
        await _broker.SignInAsync("rui", OpenLdap.Password);
        await _broker.LocalAsync("local");
        await _ldap.StopAsync();

        Assert.Equal(ReasonCode.DirectoryUnreachable, await _broker.RefusedAsync("rui", OpenLdap.Password));
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await _broker.Directories.SyncAsync(new() { DirectoryId = saved.DirectoryId }, _broker.Administrator));
        Assert.Equal("DIRECTORY_UNREACHABLE", refused.Trailers.GetValue("reason"));
        Assert.True(await _broker.ScalarAsync<bool>("select enabled from app_user where user_name = 'rui'"));
        Assert.Equal(["balcao"], await _broker.GroupsOfAsync("rui"));
        Assert.Equal("local", (await _broker.SignInAsync("local", TestApi.Password)).UserName);
        var silent = Assert.Single((await _broker.Directories.ListAsync(new(), _broker.Administrator)).Directories);
        Assert.Equal((DirectoryStep.Connect, true), (silent.SyncFailedStep, silent.SyncError.Contains("Connect", StringComparison.Ordinal)));

        await _ldap.RunAsync();
        Assert.Equal("rui", (await _broker.SignInAsync("rui", OpenLdap.Password)).UserName);
    }

    [Fact]
    public async Task Test_names_the_step_that_fails()
    {
        var good = Settings();
        var answer = await TestAsync(good, user: "ana.silva");
        Assert.Equal((DirectoryStep.Unspecified, 129u, 4u), (answer.FailedStep, answer.People, answer.Groups));       // more than one page
        Assert.Equal(("uid=ana.silva,ou=people,dc=camara,dc=pt", "circle servicos urbanismo"), (answer.UserDn, string.Join(' ', answer.UserGroups)));

        Assert.Equal(DirectoryStep.Connect, (await TestAsync(Changed(d => d.Servers[0] = $"127.0.0.1:{LoopbackPorts.Free()}"))).FailedStep);
        Assert.Equal(DirectoryStep.Tls, (await TestAsync(Changed(d => d.Servers[0] = $"127.0.0.1:{_ldap.PlainPort}"))).FailedStep);
        using var stranger = new LdapAuthority("Estranha");
        foreach (var startTls in new[] { false, true })
        {
            var distrusting = Settings(startTls);
            distrusting.Authorities = stranger.Pem;
            Assert.Equal(DirectoryStep.Certificate, (await TestAsync(distrusting)).FailedStep);
        }
        var name = await TestAsync(Changed(d => d.Servers[0] = $"localhost:{_ldap.TlsPort}"));
        Assert.Equal((DirectoryStep.Certificate, "the certificate is not for localhost"), (name.FailedStep, name.Problem));
        Assert.Equal(DirectoryStep.Bind, (await TestAsync(good, password: "another")).FailedStep);
        Assert.Equal(DirectoryStep.Search, (await TestAsync(Changed(d => d.BaseDn = "ou=nowhere,dc=camara,dc=pt"))).FailedStep);
        Assert.Equal(DirectoryStep.Search, (await TestAsync(Changed(d => d.UserFilter = "(uid=nobody)"))).FailedStep);

        LdapDirectory Changed(Action<LdapDirectory> change)
        {
            var changed = good.Clone();
            change(changed);
            return changed;
        }
    }

    [Fact]
    public async Task First_server_that_answers_is_taken()
    {
        var settings = Settings();
        settings.Servers.Insert(0, $"127.0.0.1:{LoopbackPorts.Free()}");
        await SaveAsync(settings);
        Assert.Equal("rui", (await _broker.SignInAsync("rui", OpenLdap.Password)).UserName);
    }

    [Fact]
    public async Task Server_that_says_nothing_is_given_up_and_keeps_no_thread()
    {
        await using var hasty = await DirectoryBroker.StartAsync(cluster, "00:00:01");
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var settings = Settings();
        settings.Servers[0] = silent.LocalEndpoint.ToString()!;
        foreach (var startTls in new[] { false, true })
        {
            settings.StartTls = startTls;
            Assert.Equal(DirectoryStep.Connect, (await hasty.Directories.TestAsync(new() { Directory = settings, BindPassword = "x" }, hasty.Administrator)).FailedStep);
        }
    }

    [Fact]
    public async Task Reading_follows_renames_groups_and_disabled_people_and_ends_their_sign_ins()
    {
        var saved = await SaveAsync(Settings());
        var (ana, rui) = (await _broker.SignInAsync("ana.silva", OpenLdap.Password), await _broker.SignInAsync("rui", OpenLdap.Password));
        await _ldap.ModifyAsync("""
            dn: uid=ana.silva,ou=people,dc=camara,dc=pt
            changetype: modify
            replace: cn
            cn: Ana Costa

            dn: uid=ana.silva,ou=people,dc=camara,dc=pt
            changetype: modrdn
            newrdn: uid=ana.costa
            deleteoldrdn: 1

            dn: cn=urbanismo,ou=groups,dc=camara,dc=pt
            changetype: modify
            replace: member
            member: uid=rui,ou=people,dc=camara,dc=pt

            dn: cn=balcao,ou=groups,dc=camara,dc=pt
            changetype: modify
            add: member
            member: uid=ana.costa,ou=people,dc=camara,dc=pt

            dn: uid=rui,ou=people,dc=camara,dc=pt
            changetype: modify
            replace: pwdAccountLockedTime
            pwdAccountLockedTime: 000001010000Z
            """);

        var done = await _broker.Directories.SyncAsync(new() { DirectoryId = saved.DirectoryId }, _broker.Administrator);

        Assert.Equal((1u, 0u, 1u), (done.Disabled, done.Enabled, done.Renamed));
        Assert.Equal(["balcao"], await _broker.GroupsOfAsync("ana.silva"));
        Assert.Equal(["balcao", "circle", "servicos", "urbanismo"], await _broker.GroupsOfAsync("rui"));
        Assert.False(await _broker.ScalarAsync<bool>("select enabled from app_user where user_name = 'rui'"));
        Assert.Equal(0, await _broker.ScalarAsync<int>("select count(*)::int from sign_in where user_id = @id", new { id = Guid.Parse(rui.UserId) }));
        var again = await _broker.SignInAsync("ana.costa", OpenLdap.Password);
        Assert.Equal((ana.UserId, "ana.silva", "Ana Costa"), (again.UserId, again.UserName, again.DisplayName));      // the account in desktops stays

        await _ldap.ModifyAsync("""
            dn: uid=rui,ou=people,dc=camara,dc=pt
            changetype: modify
            delete: pwdAccountLockedTime

            dn: uid=ana.costa,ou=people,dc=camara,dc=pt
            changetype: delete
            """);
        done = await _broker.Directories.SyncAsync(new() { DirectoryId = saved.DirectoryId }, _broker.Administrator);
        Assert.Equal((1u, 1u), (done.Disabled, done.Enabled));
        Assert.Equal(ReasonCode.SignInFailed, await _broker.RefusedAsync("ana.costa", OpenLdap.Password));
        Assert.Equal(rui.UserId, (await _broker.SignInAsync("rui", OpenLdap.Password)).UserId);
    }

    [Fact]
    public async Task Role_over_an_outer_group_reaches_the_people_of_the_inner_one_and_nobody_else()
    {
        var saved = await SaveAsync(Settings());
        foreach (var name in new[] { "ana.silva", "rui" }) await _broker.SignInAsync(name, OpenLdap.Password);
        await _broker.Directories.SyncAsync(new() { DirectoryId = saved.DirectoryId }, _broker.Administrator);
        var outer = (await _broker.Groups.ListAsync(new(), _broker.Administrator)).Groups.Single(g => g.Name == "servicos");
        await _broker.LocalAsync("ines");
        var given = await new Roles.RolesClient(_broker.Calls).GrantAsync(new() { UserName = "ines", Role = "help_desk", ScopeGroupId = outer.GroupId }, _broker.Administrator);
        Assert.Equal(("servicos", 1u), (given.ScopeGroupName, given.People));       // ana.silva, by urbanismo alone
        var ines = TestApi.With(await TestFactor.AdministratorAsync(_broker.Services, "ines", TestApi.Password));
        await SeesAsync("ana.silva", "rui");

        // The directory moves people between the inner groups; the role stays where it is.
        await _ldap.ModifyAsync("""
            dn: cn=urbanismo,ou=groups,dc=camara,dc=pt
            changetype: modify
            replace: member
            member: uid=rui,ou=people,dc=camara,dc=pt
            """);
        await SeesAsync("ana.silva", "rui");
        await _broker.Directories.SyncAsync(new() { DirectoryId = saved.DirectoryId }, _broker.Administrator);
        await SeesAsync("rui", "ana.silva");

        async Task SeesAsync(string one, string other)
        {
            Assert.Equal(one, Assert.Single((await new Users.UsersClient(_broker.Calls).ListAsync(new(), ines)).Users).UserName);
            var notes = new UserNotes.UserNotesClient(_broker.Calls);
            await notes.AddAsync(new() { UserName = one, Text = "ligou" }, ines);
            foreach (var name in new[] { other, "root.admin", "ines" }) Assert.Equal("NOT_FOUND", await ReasonAsync(async () => await notes.AddAsync(new() { UserName = name, Text = "ligou" }, ines)));
        }
    }

    [Fact]
    public async Task What_a_directory_keeps_is_changed_there_and_its_password_goes_nowhere_else()
    {
        var saved = await SaveAsync(Settings());
        await _broker.SignInAsync("rui", OpenLdap.Password);
        var group = (await _broker.Groups.ListAsync(new() { UserName = "rui" }, _broker.Administrator)).Groups[0];
        Assert.Equal(("balcao", "Câmara"), (group.Name, group.Directory));
        Assert.Equal("IN_DIRECTORY", await ReasonAsync(async () => await _broker.Groups.AddMemberAsync(new() { GroupId = group.GroupId, UserName = "root.admin" }, _broker.Administrator)));
        Assert.Equal("IN_DIRECTORY", await ReasonAsync(async () => await _broker.Groups.DeleteAsync(new() { GroupId = group.GroupId }, _broker.Administrator)));
        Assert.Equal("IN_DIRECTORY", await ReasonAsync(async () => await new Users.UsersClient(_broker.Calls).SetPasswordAsync(new() { UserName = "rui", Password = New }, _broker.Administrator)));

        saved.SyncMinutes = 60;
        Assert.Equal(60u, (await _broker.Directories.SaveAsync(new() { Directory = saved }, _broker.Administrator)).SyncMinutes);
        Assert.Equal("rui", (await _broker.SignInAsync("rui", OpenLdap.Password)).UserName);
        saved.Servers[0] = "192.0.2.1:636";
        Assert.Equal("INVALID_FIELD", await ReasonAsync(async () => await _broker.Directories.TestAsync(new() { Directory = saved }, _broker.Administrator)));
        Assert.Equal("INVALID_FIELD", await ReasonAsync(async () => await _broker.Directories.SaveAsync(new() { Directory = saved }, _broker.Administrator)));

        await _broker.Directories.RemoveAsync(new() { DirectoryId = saved.DirectoryId }, _broker.Administrator);
        Assert.Equal(ReasonCode.SignInFailed, await _broker.RefusedAsync("rui", OpenLdap.Password));
        Assert.DoesNotContain((await _broker.Groups.ListAsync(new(), _broker.Administrator)).Groups, g => g.Directory.Length > 0);
    }

    private static async Task<string?> ReasonAsync(Func<Task> call) => (await Assert.ThrowsAsync<RpcException>(call)).Trailers.GetValue("reason");

    private LdapDirectory Settings(bool startTls = false) => new()
    {
        Name = "Câmara", Kind = DirectoryKind.InetOrgPerson, Servers = { $"127.0.0.1:{(startTls ? _ldap.PlainPort : _ldap.TlsPort)}" }, StartTls = startTls, Authorities = _ldap.Authority.Pem,
        BaseDn = OpenLdap.Base, BindDn = OpenLdap.Reader, Domains = { "camara.pt", "CAMARA" },
    };

    private async Task<LdapDirectory> SaveAsync(LdapDirectory settings) =>
        await _broker.Directories.SaveAsync(new() { Directory = settings, BindPassword = OpenLdap.ReaderPassword }, _broker.Administrator);

    private async Task<TestDirectoryResponse> TestAsync(LdapDirectory settings, string password = OpenLdap.ReaderPassword, string user = "") =>
        await _broker.Directories.TestAsync(new() { Directory = settings, BindPassword = password, UserName = user }, _broker.Administrator);
}
