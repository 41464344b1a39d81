using System.Security.Cryptography;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Gateways;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Domain;
using ApplicationsApi = Montalegre.Vdi.Contracts.Admin.V1.Applications;
using Audience = Montalegre.Vdi.Broker.Identity.Audience;
using Placement = Montalegre.Vdi.Domain.Placement;

namespace Montalegre.Vdi.Broker.Tests.Launch;

/// <summary>Published applications, from the administrator's API over the person's cards to the session: a whole broker and real PostgreSQL.</summary>
public sealed class ApplicationTests(TestCluster cluster) : IAsyncLifetime
{
    private const string Password = "quatro cavalos verdes";
    private readonly TestBroker _broker = new(cluster) { Leads = false };
    private Arrange _rows = null!;
    private LaunchStore _store = null!;
    private ApplicationsApi.ApplicationsClient _applications = null!;
    private Employee.EmployeeClient _portal = null!;
    private CallOptions _administrator;
    private CallOptions _ana;
    private UserId _user;
    private PoolId _pool;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _broker.InitializeAsync();
        _rows = new(_broker.Database.DataSource);
        _store = new(_broker.Database.DataSource);
        _applications = new(_broker.Api());
        _portal = new(_broker.Api());
        await UserAsync("rosa", administrator: true);
        _administrator = With(await TestFactor.AdministratorAsync(_broker.Services, "rosa", Password));
        _user = await UserAsync("ana");
        _ana = With((await _portal.SignInAsync(new SignInRequest { UserName = "ana", Password = Password }, cancellationToken: Ct)).SignedIn.Token);
        _pool = await _rows.PoolAsync("floating");
        for (var i = 0; i < 3; i++) await _rows.MachineAsync(_pool, "available");
        await EntitleAsync(_user);
    }

    public ValueTask DisposeAsync() => _broker.DisposeAsync();

    [Fact]
    public async Task Published_application_is_a_card_of_its_pool_until_it_is_removed()
    {
        var one = await PublishAsync("Editor", "gedit", "--new-window");
        Assert.Equal(("Editor", "gedit", "--new-window", 0u), (one.Name, one.Program, one.Arguments, one.Sessions));
        var card = Assert.Single((await CardsAsync()).Applications);
        Assert.Equal(("Editor", DesktopState.Ready, one.ApplicationId, _pool.Value.ToString()), (card.Name, card.State, card.ApplicationId, card.PoolId));

        var changed = await _applications.PublishAsync(new() { PoolId = one.PoolId, ApplicationId = one.ApplicationId, Name = "Editor de texto", Program = "/usr/bin/gedit" }, _administrator);
        Assert.Equal(one.ApplicationId, changed.ApplicationId);
        Assert.Equal("Editor de texto", (await CardsAsync()).Applications.Single().Name);

        await _applications.RemoveAsync(new() { PoolId = one.PoolId, ApplicationId = one.ApplicationId }, _administrator);
        Assert.Empty((await CardsAsync()).Applications);
        Assert.Equal("APPLICATION_UNKNOWN", await ReasonAsync(() => _applications.RemoveAsync(new() { PoolId = one.PoolId, ApplicationId = one.ApplicationId }, _administrator).ResponseAsync));
        foreach (var action in new[] { "application.publish", "application.change", "application.remove" }) Assert.Equal(1, await _rows.AuditsAsync(Guid.Parse(one.ApplicationId), action));
    }

    [Theory]
    [InlineData("", "gedit", "", "INVALID_FIELD")]
    [InlineData("Editor", "", "", "INVALID_FIELD")]
    [InlineData("Editor", "ged\nit", "", "INVALID_FIELD")]
    [InlineData("Editor", "'gedit'", "", "INVALID_FIELD")]
    [InlineData("Editor", "gedit", "a\0b", "INVALID_FIELD")]
    [InlineData("taken", "gedit", "", "NAME_TAKEN")]
    public async Task What_cannot_be_published_is_refused_by_name(string name, string program, string arguments, string reason)
    {
        await PublishAsync("Taken", "x");
        Assert.Equal(reason, await ReasonAsync(() => PublishAsync(name, program, arguments)));
    }

    [Fact]
    public async Task Longest_command_fits_a_client_info_and_a_longer_one_is_refused()
    {
        await PublishAsync("Longest", new string('p', 90) + " x", new string('a', 88));
        Assert.Equal("INVALID_FIELD", await ReasonAsync(() => PublishAsync("Longer", "p", new string('a', 180))));
        Assert.All(new[] { "linux", "windows" }, family => Assert.True(ProgramLine.Of(new string('p', 90) + " x", new string('a', 88), family).Length <= Protocol.SignIns.SignIn.LongestText));
    }

    [Fact]
    public async Task Narrowed_application_is_for_the_members_of_its_groups_and_for_nobody_when_those_are_gone()
    {
        var group = Guid.NewGuid();
        await _rows.ExecuteAsync("insert into app_group (group_id, name) values (@group, 'Contabilidade')", new { group });
        var one = await _applications.PublishAsync(new() { PoolId = _pool.Value.ToString(), Name = "SAP", Program = "sap", Narrowed = true, GroupIds = { group.ToString() } }, _administrator);
        Assert.Equal("Contabilidade", Assert.Single(one.Groups).Name);
        Assert.Empty((await CardsAsync()).Applications);
        Assert.Equal(new Placement.Refuse(RefusalReason.ApplicationUnknown), await LaunchAsync(one));

        await _rows.ExecuteAsync("insert into group_member (group_id, user_id) values (@group, @user)", new { group, user = _user.Value });
        Assert.Single((await CardsAsync()).Applications);
        Assert.IsType<Placement.Start>(await LaunchAsync(one));

        await EndAllAsync();
        await _rows.ExecuteAsync("delete from app_group where group_id = @group", new { group });
        Assert.Empty((await CardsAsync()).Applications);
        Assert.Equal(new Placement.Refuse(RefusalReason.ApplicationUnknown), await LaunchAsync(one));
    }

    [Fact]
    public async Task Application_of_a_pool_to_which_the_person_has_no_right_is_neither_shown_nor_opened()
    {
        var other = await _rows.PoolAsync("floating");
        await _rows.MachineAsync(other, "available");
        var foreign = await _applications.PublishAsync(new() { PoolId = other.Value.ToString(), Name = "SAP", Program = "sap" }, _administrator);
        Assert.Empty((await CardsAsync()).Applications);
        Assert.Equal(new Placement.Refuse(RefusalReason.NotEntitled), await LaunchAsync(foreign, other));
        Assert.Equal(new Placement.Refuse(RefusalReason.ApplicationUnknown), await LaunchAsync(foreign));     // asked for in a pool that it is not of
        await _portal.SetFavouriteAsync(new() { PoolId = foreign.PoolId, ApplicationId = foreign.ApplicationId, Favourite = true }, _ana);
        Assert.Equal(0, await _rows.ScalarAsync<int>("select count(*)::integer from application_favourite where application_id = @id", Guid.Parse(foreign.ApplicationId)));
    }

    [Fact]
    public async Task Open_session_is_joined_as_what_it_was_opened_as_and_refused_as_anything_else()
    {
        var (editor, sap) = (await PublishAsync("Editor", "gedit"), await PublishAsync("SAP", "sap"));
        var started = Assert.IsType<Placement.Start>(await LaunchAsync(editor));

        Assert.Equal(started.Session, Assert.IsType<Placement.Reconnect>(await LaunchAsync(editor)).Session);
        Assert.Equal(new Placement.Refuse(RefusalReason.OtherProgramOpen), await LaunchAsync(sap));
        Assert.Equal(new Placement.Refuse(RefusalReason.OtherProgramOpen), await LaunchAsync(null));
        Assert.Equal("Editor", (await _store.TryAsync(Attempt(null))).OpenApplication);
        Assert.Equal(1, await _rows.ScalarAsync<int>("select count(*)::integer from session where user_id = @id and state <> 'ended'", _user.Value));

        var cards = await CardsAsync();
        var (desktop, own, other) = (cards.Desktops.Single(), cards.Applications.Single(a => a.Name == "Editor"), cards.Applications.Single(a => a.Name == "SAP"));
        Assert.Equal((DesktopState.SessionPending, ""), (own.State, own.OpenInstead));
        foreach (var card in new[] { desktop, other })
            Assert.Equal((DesktopState.Unavailable, ReasonCode.OtherProgramOpen, "Editor", started.Session.Value.ToString()), (card.State, card.Reason.Code, card.OpenInstead, card.SessionId));
        Assert.Equal(1u, (await _applications.ListAsync(new() { PoolId = editor.PoolId }, _administrator)).Applications.Single(a => a.Name == "Editor").Sessions);

        await EndAllAsync();
        Assert.IsType<Placement.Start>(await LaunchAsync(null));
        Assert.Equal(new Placement.Refuse(RefusalReason.OtherProgramOpen), await LaunchAsync(editor));
        Assert.Equal(_pool.Value.ToString(), (await CardsAsync()).Applications.Single(a => a.Name == "Editor").OpenInstead);    // the pool's name, in this test its id
    }

    [Fact]
    public async Task Of_many_launches_of_two_applications_and_the_desktop_at_once_one_session_comes()
    {
        var (editor, sap) = (await PublishAsync("Editor", "gedit"), await PublishAsync("SAP", "sap"));
        Application?[] asked = [editor, sap, null];
        for (var i = 0; i < 45; i++) await _rows.MachineAsync(_pool, "available");   // one for each: who finds all locked by the others waits a moment
        var placements = await Task.WhenAll(Enumerable.Range(0, 48).Select(n => Task.Run(async () => (Asked: asked[n % 3], Got: await LaunchAsync(asked[n % 3])))));

        var won = Assert.Single(placements, p => p.Got is Placement.Start).Asked;
        Assert.All(placements.Where(p => p.Got is not Placement.Start), p =>
        {
            if (p.Asked == won) Assert.IsType<Placement.Reconnect>(p.Got);
            else Assert.Equal(new Placement.Refuse(RefusalReason.OtherProgramOpen), p.Got);
        });
        Assert.Equal(1, await _rows.ScalarAsync<int>("select count(*)::integer from machine where pool_id = @id and state = 'reserved'", _pool.Value));
    }

    [Theory]
    [InlineData("linux", "w=/usr/lib/montalegre/program;[ -x $w ]||w=;exec $w '/opt/o meu/editor' --new \"$HOME\"")]
    [InlineData("windows", "\"/opt/o meu/editor\" --new \"$HOME\"")]
    public async Task Redeemed_ticket_says_the_program_as_it_was_when_the_session_was_opened(string family, string expected)
    {
        var one = await PublishAsync("Editor", "/opt/o meu/editor", "--new \"$HOME\"");
        var (started, ticket) = await TicketAsync(one);
        await _rows.ExecuteAsync("""
            insert into machine_agent (machine_id, connected, os_family, addresses, rdp_port, rdp_certificate_sha256) values (@machine, true, @family, '{10.0.0.5}', 3389, decode(repeat('00', 32), 'hex'))
            """, new { machine = started.Machine.Value, family });
        await _applications.PublishAsync(new() { PoolId = one.PoolId, ApplicationId = one.ApplicationId, Name = "Editor", Program = "other" }, _administrator);

        var found = await new GatewayStore(_broker.Database.DataSource).RedeemAsync(await GatewayAsync(), ticket, "10.1.1.1", "", new(Guid.NewGuid()), TimeSpan.Zero);

        Assert.Null(found.Refused);
        Assert.Equal(expected, ProgramLine.Of(found.Program!, found.Arguments!, found.OsFamily!));
        Assert.Equal(1, await _rows.AuditsAsync(started.Session.Value, "ticket.redeemed"));
    }

    [Fact]
    public async Task Ticket_of_a_desktop_names_no_program()
    {
        var (_, ticket) = await TicketAsync(null);
        Assert.Null((await new GatewayStore(_broker.Database.DataSource).RedeemAsync(await GatewayAsync(), ticket, "10.1.1.1", "", new(Guid.NewGuid()), TimeSpan.Zero)).Program);
    }

    [Fact]
    public async Task Favourite_applications_come_first()
    {
        await PublishAsync("A", "a");
        var b = await PublishAsync("B", "b");
        await _portal.SetFavouriteAsync(new() { PoolId = b.PoolId, ApplicationId = b.ApplicationId, Favourite = true }, _ana);
        Assert.Equal([("B", true), ("A", false)], (await CardsAsync()).Applications.Select(a => (a.Name, a.Favourite)));
        Assert.False((await CardsAsync()).Desktops.Single().Favourite);
        await _portal.SetFavouriteAsync(new() { PoolId = b.PoolId, ApplicationId = b.ApplicationId }, _ana);
        Assert.Equal(["A", "B"], (await CardsAsync()).Applications.Select(a => a.Name));
    }

    [Fact]
    public async Task Launch_over_the_public_api_opens_the_application_and_says_what_is_open_instead()
    {
        var (editor, sap) = (await PublishAsync("Editor", "gedit"), await PublishAsync("SAP", "sap"));
        var ready = await LastAsync(editor.ApplicationId);
        Assert.Equal("gedit", await _rows.ScalarAsync<string>("select program from session where session_id = @id", Guid.Parse(ready.Ready.SessionId)));
        var sessions = new Contracts.Admin.V1.Sessions.SessionsClient(_broker.Api());
        Assert.Equal((editor.ApplicationId, "Editor"), (await sessions.GetAsync(new() { SessionId = ready.Ready.SessionId }, _administrator)).Session is var shown ? (shown.ApplicationId, shown.ApplicationName) : default);
        var refused = (await LastAsync(sap.ApplicationId)).Refused;
        Assert.Equal((ReasonCode.OtherProgramOpen, "Editor"), (refused.Code, refused.Detail));
        Assert.Equal("APPLICATION_UNKNOWN", await ReasonAsync(() => LastAsync("x")));

        async Task<LaunchProgress> LastAsync(string application)
        {
            using var call = _portal.Launch(new() { PoolId = _pool.Value.ToString(), RequestId = Guid.NewGuid().ToString(), ApplicationId = application }, _ana);
            LaunchProgress? last = null;
            await foreach (var progress in call.ResponseStream.ReadAllAsync(Ct)) last = progress;
            return last!;
        }
    }

    [Fact]
    public async Task Icon_is_shown_to_whoever_may_open_the_application_and_goes_with_it()
    {
        var one = await PublishAsync("Editor", "gedit");
        var png = Applications.Png.Of(further: [Applications.Png.Chunk("tEXt", [65, 0, 66])]);
        Assert.Equal("INVALID_FIELD", await ReasonAsync(() => SetAsync("<svg/>"u8.ToArray())));
        Assert.Equal("APPLICATION_UNKNOWN", await ReasonAsync(() => _applications.SetIconAsync(new() { PoolId = _pool.Value.ToString(), ApplicationId = Guid.NewGuid().ToString(), Png = Google.Protobuf.ByteString.CopyFrom(png) }, _administrator).ResponseAsync));
        Assert.Equal("", (await CardsAsync()).Applications.Single().ApplicationIcon);
        Assert.Equal("NOT_FOUND", await ReasonAsync(() => MineAsync(one.ApplicationId)));

        var changed = await SetAsync(png);
        Assert.Equal(64, changed.Icon.Length);
        Assert.Equal(changed.Icon, (await CardsAsync()).Applications.Single().ApplicationIcon);
        var kept = (await MineAsync(one.ApplicationId)).Png.ToByteArray();
        Assert.Equal(Applications.Png.Of(), kept);
        Assert.Equal(kept, (await _applications.GetIconAsync(new() { PoolId = one.PoolId, ApplicationId = one.ApplicationId }, _administrator)).Png.ToByteArray());
        Assert.Equal(changed.Icon, Convert.ToHexStringLower(SHA256.HashData(kept)));
        Assert.Equal(1, await _rows.AuditsAsync(Guid.Parse(one.ApplicationId), "application.icon"));
        Assert.Equal("NOT_FOUND", await ReasonAsync(() => MineAsync("x")));

        await _applications.PublishAsync(new() { PoolId = one.PoolId, ApplicationId = one.ApplicationId, Name = "Editor", Program = "gedit", Narrowed = true }, _administrator);
        Assert.Equal("NOT_FOUND", await ReasonAsync(() => MineAsync(one.ApplicationId)));               // for nobody any more
        Assert.Equal("", (await SetAsync([])).Icon);
        await SetAsync(png);
        await _applications.RemoveAsync(new() { PoolId = one.PoolId, ApplicationId = one.ApplicationId }, _administrator);
        Assert.Equal(0, await _rows.ScalarAsync<int>("select count(*)::int from application_icon where application_id = @id", Guid.Parse(one.ApplicationId)));

        Task<Application> SetAsync(byte[] picture) => _applications.SetIconAsync(new() { PoolId = one.PoolId, ApplicationId = one.ApplicationId, Png = Google.Protobuf.ByteString.CopyFrom(picture) }, _administrator).ResponseAsync;
        Task<OwnApplicationIcon> MineAsync(string application) => _portal.GetApplicationIconAsync(new() { ApplicationId = application }, _ana).ResponseAsync;
    }

    private static CallOptions With(string token) => new(new Metadata { { "authorization", $"Bearer {token}" } }, cancellationToken: Ct);

    private static async Task<string?> ReasonAsync<T>(Func<Task<T>> call) => (await Assert.ThrowsAsync<RpcException>(call)).Trailers.GetValue("reason");

    private async Task<ListDesktopsResponse> CardsAsync() => await _portal.ListDesktopsAsync(new(), _ana);

    private Task<Application> PublishAsync(string name, string program, string arguments = "") =>
        _applications.PublishAsync(new() { PoolId = _pool.Value.ToString(), Name = name, Program = program, Arguments = arguments }, _administrator).ResponseAsync;

    private async Task<Placement> LaunchAsync(Application? application, PoolId? pool = null) =>
        LaunchPolicy.Decide((await _store.TryAsync(Attempt(application) with { Pool = pool ?? _pool })).Facts);

    private LaunchAttempt Attempt(Application? application) => new(new(Guid.NewGuid()), _user, _pool, null, new(Guid.NewGuid()), RandomNumberGenerator.GetBytes(32), TimeSpan.FromMinutes(10), Random.Shared.Next())
    {
        Application = application is null ? null : Guid.Parse(application.ApplicationId),
    };

    private async Task<(Placement.Start Started, byte[] Ticket)> TicketAsync(Application? application)
    {
        var attempt = Attempt(application);
        return (Assert.IsType<Placement.Start>(LaunchPolicy.Decide((await _store.TryAsync(attempt)).Facts)), attempt.TicketSha256);
    }

    private async Task<GatewayId> GatewayAsync()
    {
        var gateway = Guid.NewGuid();
        await _rows.ExecuteAsync("insert into gateway (gateway_id, name, rdp_address) values (@gateway, @gateway::text, 'gw:3389')", new { gateway });
        return new(gateway);
    }

    private Task EndAllAsync() => _rows.ExecuteAsync("update session set state = 'ended' where user_id = @user", new { user = _user.Value });

    private Task EntitleAsync(UserId user) => _rows.ExecuteAsync("insert into entitlement (pool_id, user_id) values (@pool, @user)", new { pool = _pool.Value, user = user.Value });

    private async Task<UserId> UserAsync(string name, bool administrator = false)
    {
        var hash = await _broker.Services.GetRequiredService<Passwords>().HashAsync(Password);
        var by = new Caller(new UserId(Guid.Empty), "tester", "Tester", Audience.Administrator, "192.0.2.9", new string('0', 64));
        var user = new UserId(Guid.CreateVersion7());
        await _broker.Services.GetRequiredService<UserStore>().CreateAsync(new Person(user, name, name, true, administrator), hash!, by);
        return user;
    }
}
