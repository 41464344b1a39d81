using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Tests.Fakes;

/// <summary>Saved views of the fake broker: each sees his own.</summary>
internal sealed class FakeSavedViews(FakeWorld world) : SavedViews.SavedViewsBase
{
    public override Task<ListSavedViewsResponse> List(ListSavedViewsRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var mine = world.UserOf(context);
        return Task.FromResult(new ListSavedViewsResponse { Views = { world.Views.Where(v => v.Key.User == mine && v.Key.Page == request.Page).Select(v => v.Value).OrderBy(v => v.Name) } });
    }

    public override Task<SavedView> Set(SavedView request, ServerCallContext context)
    {
        world.Demand(context);
        world.Views[(world.UserOf(context)!, request.Page, request.Name)] = request;
        return Task.FromResult(request);
    }

    public override Task<DeleteSavedViewResponse> Delete(DeleteSavedViewRequest request, ServerCallContext context)
    {
        world.Demand(context);
        world.Views.TryRemove((world.UserOf(context)!, request.Page, request.Name), out _);
        return Task.FromResult(new DeleteSavedViewResponse());
    }
}

/// <summary>Notes about people of the fake broker.</summary>
internal sealed class FakeUserNotes(FakeWorld world) : UserNotes.UserNotesBase
{
    public override Task<ListUserNotesResponse> List(ListUserNotesRequest request, ServerCallContext context)
    {
        world.Demand(context);
        return Task.FromResult(new ListUserNotesResponse { Notes = { world.Notes.Where(n => n.User == request.UserName).Select(n => n.Note).Reverse() } });
    }

    public override Task<UserNote> Add(AddUserNoteRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var note = new UserNote { NoteId = $"n{world.Notes.Count}", WrittenBy = world.UserOf(context)!, WrittenAt = DateTimeOffset.UtcNow.ToTimestamp(), Text = request.Text };
        world.Notes.Add((request.UserName, note));
        return Task.FromResult(note);
    }
}
