using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Broker.Tests.Directories;

/// <summary>People of a real Samba domain sign in through the broker's API. One test, because making a domain takes a quarter of a minute.</summary>
public sealed class ActiveDirectoryTests(TestCluster cluster)
{
    private const string New = "Seis.Rolas.Na.Eira.2";

    [Fact]
    public async Task People_of_a_domain_sign_in_change_expired_passwords_and_follow_it()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "The ports of a domain controller are below 1024.");
        await using var domain = await SambaDomain.StartAsync();
        await domain.ToolAsync("user", "create", "ana.silva", SambaDomain.Password);
        await domain.ToolAsync("user", "create", "expired", SambaDomain.Password, "--must-change-at-next-login");
        await domain.ToolAsync("user", "create", "off", SambaDomain.Password);
        await domain.ToolAsync("user", "disable", "off");
        await domain.ToolAsync("group", "add", "urbanismo");
        await domain.ToolAsync("group", "add", "servicos");
        await domain.ToolAsync("group", "addmembers", "urbanismo", "ana.silva");
        await domain.ToolAsync("group", "addmembers", "servicos", "urbanismo");
        await using var broker = await DirectoryBroker.StartAsync(cluster);
        var settings = new LdapDirectory
        {
            Name = "Domínio", Kind = DirectoryKind.ActiveDirectory, Servers = { domain.Server }, Authorities = domain.Authority.Pem, BaseDn = SambaDomain.Base, BindDn = SambaDomain.Reader,
            Domains = { "camara.test", "CAMARA" }, MostBadTries = 4,
        };
        var saved = await broker.Directories.SaveAsync(new() { Directory = settings, BindPassword = SambaDomain.Password }, broker.Administrator);

        var ana = await broker.SignInAsync("ana.silva", SambaDomain.Password);
        Assert.Equal(["servicos", "urbanismo"], await broker.GroupsOfAsync("ana.silva"));
        Assert.Equal(ana.UserId, (await broker.SignInAsync("CAMARA\\Ana.Silva", SambaDomain.Password)).UserId);
        Assert.Equal(ana.UserId, (await broker.SignInAsync("ana.silva@camara.test", SambaDomain.Password)).UserId);
        Assert.Equal(ReasonCode.SignInFailed, await broker.RefusedAsync("ana.silva", "wrong"));
        Assert.Equal(ReasonCode.SignInFailed, await broker.RefusedAsync("nobody", "wrong"));
        Assert.Equal(ReasonCode.AccountDisabled, await broker.RefusedAsync("off", SambaDomain.Password));
        Assert.Equal(ReasonCode.SignInFailed, await broker.RefusedAsync("off", "wrong"));

        Assert.Equal(ReasonCode.PasswordExpired, await broker.RefusedAsync("expired", SambaDomain.Password));
        Assert.Equal(ReasonCode.NewPasswordRefused, await broker.RefusedAsync("expired", SambaDomain.Password, "short"));
        Assert.Equal("expired", (await broker.SignInAsync("expired", SambaDomain.Password, New)).UserName);
        Assert.Equal("expired", (await broker.SignInAsync("expired", New)).UserName);

        await domain.ToolAsync("group", "removemembers", "servicos", "urbanismo");
        await domain.ToolAsync("user", "disable", "expired");
        var done = await broker.Directories.SyncAsync(new() { DirectoryId = saved.DirectoryId }, broker.Administrator);
        Assert.Equal(1u, done.Disabled);
        Assert.Equal(["urbanismo"], await broker.GroupsOfAsync("ana.silva"));
    }
}
