using Grpc.Core;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Npgsql;

namespace Montalegre.Vdi.Broker.Tests.Desk;

public sealed class DeskTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private readonly Arrange _rows = new(database.DataSource);

    [Fact]
    public async Task Views_are_everybodys_own_replaced_by_name_and_bounded()
    {
        await using var api = await TestApi.StartAsync(database);
        await api.UserAsync("viewer1", administrator: true);
        await api.UserAsync("viewer2", administrator: true);
        var (mine, other) = (TestApi.With(await api.TokenAsync("viewer1", Audience.Administrator)), TestApi.With(await api.TokenAsync("viewer2", Audience.Administrator)));
        var views = new SavedViews.SavedViewsClient(api.Calls);
        async Task<string> NamesAsync(CallOptions caller) => string.Join(",", (await views.ListAsync(new() { Page = "machines" }, caller)).Views.Select(v => $"{v.Name}={v.Query}"));

        await views.SetAsync(new() { Page = "machines", Name = " Com falha ", Query = "state=problem" }, mine);
        await views.SetAsync(new() { Page = "machines", Name = "Balcão", Query = "q=balcao" }, mine);
        await views.SetAsync(new() { Page = "machines", Name = "Com falha", Query = "state=problem&sort=-name" }, mine);
        Assert.Equal("Balcão=q=balcao,Com falha=state=problem&sort=-name", await NamesAsync(mine));
        Assert.Equal("", await NamesAsync(other));
        await views.DeleteAsync(new() { Page = "machines", Name = "Balcão" }, other);
        await views.DeleteAsync(new() { Page = "machines", Name = "Com falha" }, mine);
        Assert.Equal("Balcão=q=balcao", await NamesAsync(mine));

        Assert.Equal("INVALID_FIELD", await ReasonAsync(() => views.SetAsync(new() { Page = "../x", Name = "a" }, mine).ResponseAsync));
        Assert.Equal("INVALID_FIELD", await ReasonAsync(() => views.SetAsync(new() { Page = "machines", Name = "" }, mine).ResponseAsync));
        Assert.Equal("INVALID_FIELD", await ReasonAsync(() => views.SetAsync(new() { Page = "machines", Name = "a", Query = new('q', 2001) }, mine).ResponseAsync));
        var tried = await Task.WhenAll(Enumerable.Range(0, 60).Select(async n =>
        {
            try { await views.SetAsync(new() { Page = "machines", Name = $"v{n}" }, mine); return true; }
            catch (RpcException e) when (e.StatusCode is StatusCode.InvalidArgument) { return false; }
        }));
        Assert.Equal(49, tried.Count(done => done));
    }

    [Fact]
    public async Task Notes_are_added_by_who_may_never_changed_and_recorded_without_their_words()
    {
        await using var api = await TestApi.StartAsync(database);
        await api.UserAsync("noter", administrator: true);
        await api.UserAsync("noted");
        var call = TestApi.With(await api.TokenAsync("noter", Audience.Administrator));
        var notes = new UserNotes.UserNotesClient(api.Calls);

        await notes.AddAsync(new() { UserName = "Noted", Text = " Primeira\nlinha " }, call);
        await notes.AddAsync(new() { UserName = "noted", Text = "Segunda" }, call);
        var kept = (await notes.ListAsync(new() { UserName = "noted" }, call)).Notes;
        Assert.Equal(["Segunda", "Primeira\nlinha"], kept.Select(n => n.Text));
        Assert.All(kept, n => Assert.Equal("noter", n.WrittenBy));
        Assert.Equal("NOT_FOUND", await ReasonAsync(() => notes.AddAsync(new() { UserName = "nobody", Text = "x" }, call).ResponseAsync));
        Assert.Equal("NOT_FOUND", await ReasonAsync(() => notes.ListAsync(new() { UserName = "nobody" }, call).ResponseAsync));
        Assert.Equal("INVALID_FIELD", await ReasonAsync(() => notes.AddAsync(new() { UserName = "noted", Text = " " }, call).ResponseAsync));
        Assert.Equal("INVALID_FIELD", await ReasonAsync(() => notes.AddAsync(new() { UserName = "noted", Text = "a\u0007" }, call).ResponseAsync));
        var refused = await Assert.ThrowsAsync<PostgresException>(() => _rows.ExecuteAsync("update user_note set text = 'other' where note_id = @id", new { id = Guid.Parse(kept[0].NoteId) }));
        Assert.Equal(PostgresErrorCodes.RestrictViolation, refused.SqlState);
        Assert.Equal(2, await _rows.ScalarAsync<int>("select count(*)::integer from audit_event join audit_open using (audit_id) where action = 'user.note' and object_id = (select user_id from app_user where user_name = 'noted') and audit_event::text || texts !~ 'linha|Segunda' and @id is not null", Guid.NewGuid()));
    }

    private static async Task<string?> ReasonAsync<T>(Func<Task<T>> call) => (await Assert.ThrowsAsync<RpcException>(call)).Trailers.GetValue("reason");
}
