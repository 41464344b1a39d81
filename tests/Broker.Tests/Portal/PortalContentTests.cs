using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Domain;
using Audience = Montalegre.Vdi.Broker.Identity.Audience;

namespace Montalegre.Vdi.Broker.Tests.Portal;

/// <summary>What the portal shows besides desktops, and what people do there for themselves: a whole broker and its real API.</summary>
public sealed class PortalContentTests(TestCluster cluster) : IAsyncLifetime
{
    private const string Password = "quatro cavalos verdes";
    private readonly TestBroker _broker = new(cluster) { Leads = false };
    private Arrange _rows = null!;
    private PortalContent.PortalContentClient _content = null!;
    private Employee.EmployeeClient _portal = null!;
    private CallOptions _administrator;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _broker.InitializeAsync();
        _rows = new Arrange(_broker.Database.DataSource);
        _content = new(_broker.Api());
        _portal = new(_broker.Api());
        await UserAsync("rosa", administrator: true);
        _administrator = With(await TestFactor.AdministratorAsync(_broker.Services, "rosa", Password));
    }

    public ValueTask DisposeAsync() => _broker.DisposeAsync();

    [Fact]
    public async Task Announcements_are_seen_in_their_time_urgent_ones_first_and_links_in_their_order()
    {
        await UserAsync("ana");
        var ana = await SignInAsync("ana", "Firefox, Linux");
        var now = DateTimeOffset.UtcNow;
        var shown = await _content.SetAnnouncementAsync(new Announcement { TextPt = "Novo formulário" }, _administrator);
        await _content.SetAnnouncementAsync(new Announcement { TextEn = "Maintenance", Urgent = true, ShowsFrom = now.AddHours(-1).ToTimestamp(), ShowsUntil = now.AddHours(1).ToTimestamp() }, _administrator);
        await _content.SetAnnouncementAsync(new Announcement { TextPt = "Amanhã", ShowsFrom = now.AddDays(1).ToTimestamp() }, _administrator);
        var first = await _content.SetLinkAsync(new WebLink { NamePt = "Documentos", Address = "https://documentos.example.pt/" }, _administrator);
        await _content.SetLinkAsync(new WebLink { NameEn = "Forms", Address = "https://forms.example.pt/", Position = 1 }, _administrator);

        var seen = await _portal.GetContentAsync(new(), With(ana));
        Assert.Equal(["Maintenance", "Novo formulário"], seen.Announcements.Select(a => a.TextPt + a.TextEn));
        Assert.Equal(["Forms", "Documentos"], seen.Links.Select(l => l.NamePt + l.NameEn));
        Assert.Equal(3, (await _content.ListAnnouncementsAsync(new(), _administrator)).Announcements.Count);

        await _content.DeleteAnnouncementAsync(new() { AnnouncementId = shown.AnnouncementId }, _administrator);
        await _content.DeleteLinkAsync(new() { LinkId = first.LinkId }, _administrator);
        seen = await _portal.GetContentAsync(new(), With(ana));
        Assert.Equal((1, 1), (seen.Announcements.Count, seen.Links.Count));
        Assert.Equal(1, await _rows.AuditsAsync(Guid.Parse(first.LinkId), "link.delete"));
        Assert.Equal("NOT_FOUND", await ReasonAsync(() => _content.DeleteLinkAsync(new() { LinkId = first.LinkId }, _administrator).ResponseAsync));
    }

    [Theory]
    [InlineData("javascript:alert(1)")]
    [InlineData("https://user:secret@example.pt/")]
    [InlineData("/documents")]
    [InlineData("")]
    public async Task A_link_leads_nowhere_but_to_a_page(string address) =>
        Assert.Equal("INVALID_FIELD", await ReasonAsync(() => _content.SetLinkAsync(new WebLink { NamePt = "x", Address = address }, _administrator).ResponseAsync));

    [Fact]
    public async Task Texts_that_are_missing_or_too_long_and_times_that_are_over_are_named()
    {
        Assert.Equal("INVALID_FIELD", await ReasonAsync(() => _content.SetAnnouncementAsync(new Announcement { TextPt = " " }, _administrator).ResponseAsync));
        Assert.Equal("INVALID_FIELD", await ReasonAsync(() => _content.SetAnnouncementAsync(new Announcement { TextPt = new string('x', 501) }, _administrator).ResponseAsync));
        Assert.Equal("INVALID_FIELD", await ReasonAsync(() => _content.SetAnnouncementAsync(new Announcement { TextPt = "x", ShowsUntil = DateTimeOffset.UtcNow.AddMinutes(-1).ToTimestamp() }, _administrator).ResponseAsync));
    }

    [Fact]
    public async Task Favourites_come_first_and_only_where_the_person_may_go()
    {
        var user = await UserAsync("bento");
        var token = await SignInAsync("bento", "");
        PoolId[] pools = [await _rows.PoolAsync("floating"), await _rows.PoolAsync("floating")];
        foreach (var pool in pools) await _rows.ExecuteAsync("insert into entitlement (pool_id, user_id) values (@pool, @user)", new { pool = pool.Value, user = user.Value });
        var last = (await _portal.ListDesktopsAsync(new(), With(token))).Desktops[1].PoolId;

        await _portal.SetFavouriteAsync(new() { PoolId = last, Favourite = true }, With(token));
        var desktops = (await _portal.ListDesktopsAsync(new(), With(token))).Desktops;
        Assert.Equal((last, true, false), (desktops[0].PoolId, desktops[0].Favourite, desktops[1].Favourite));

        var foreign = await _rows.PoolAsync("floating");
        await _portal.SetFavouriteAsync(new() { PoolId = foreign.Value.ToString(), Favourite = true }, With(token));
        Assert.Equal(0, await _rows.ScalarAsync<int>("select count(*)::integer from favourite where pool_id = @id", foreign.Value));
    }

    [Fact]
    public async Task Sign_ins_are_listed_to_their_owner_and_ended_at_once()
    {
        await UserAsync("carla");
        await UserAsync("dina");
        var (here, there, foreign) = (await SignInAsync("carla", "Firefox, Linux"), await SignInAsync("carla", "Safari, iPhone"), await SignInAsync("dina", ""));
        var listed = (await _portal.ListSignInsAsync(new(), With(here))).SignIns;
        Assert.Equal([("Safari, iPhone", false), ("Firefox, Linux", true)], listed.Select(s => (s.ClientName, s.ThisOne)));
        var foreignId = (await _portal.ListSignInsAsync(new(), With(foreign))).SignIns.Single().SignInId;

        Assert.Equal(0u, (await _portal.EndSignInsAsync(new() { SignInId = foreignId }, With(here))).Ended);
        Assert.Equal(1u, (await _portal.EndSignInsAsync(new(), With(here))).Ended);
        Assert.Equal("SIGN_IN_EXPIRED", await ReasonAsync(() => _portal.ListSignInsAsync(new(), With(there)).ResponseAsync));
        Assert.Single((await _portal.ListSignInsAsync(new(), With(here))).SignIns);
    }

    [Fact]
    public async Task A_person_restarts_the_own_machine_and_nobody_elses()
    {
        var machine = await _rows.MachineAsync("dedicated", "available");
        var session = await _rows.SessionAsync(machine, "active", "c1");
        var owner = await _rows.ScalarAsync<string>("select u.user_name from session s join app_user u using (user_id) where s.session_id = @id", session.Value);
        await UserAsync("elsa");
        var request = new EmployeeRestartRequest { SessionId = session.Value.ToString() };
        Assert.Equal(ReasonCode.NotFound, (await _portal.RestartAsync(request, With(await SignInAsync("elsa", "")))).Refused.Code);
        Assert.Equal("active", await _rows.SessionStateAsync(session));

        var hash = await _broker.Services.GetRequiredService<Passwords>().HashAsync(Password);
        await _rows.ExecuteAsync("update app_user set password_hash = @hash where user_name = @owner", new { hash, owner });
        Assert.Null((await _portal.RestartAsync(request, With(await SignInAsync(owner, "")))).Refused);
        Assert.Equal("ended", await _rows.SessionStateAsync(session));
        Assert.Equal("restart stop", await _rows.RunningAsync(machine));
    }

    private static CallOptions With(string token) => new(new Metadata { { "authorization", $"Bearer {token}" } }, cancellationToken: Ct);

    private static async Task<string?> ReasonAsync<T>(Func<Task<T>> call) => (await Assert.ThrowsAsync<RpcException>(call)).Trailers.GetValue("reason");

    private async Task<string> SignInAsync(string user, string client) =>
        (await _portal.SignInAsync(new SignInRequest { UserName = user, Password = Password, ClientName = client }, cancellationToken: Ct)).SignedIn.Token;

    private async Task<UserId> UserAsync(string name, bool administrator = false)
    {
        var hash = await _broker.Services.GetRequiredService<Passwords>().HashAsync(Password);
        var by = new Caller(new UserId(Guid.Empty), "tester", "Tester", Audience.Administrator, "192.0.2.9", new string('0', 64));
        var user = new UserId(Guid.CreateVersion7());
        await _broker.Services.GetRequiredService<UserStore>().CreateAsync(new Person(user, name, name, true, administrator), hash!, by);
        return user;
    }
}
