using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Desk;

/// <summary>The gRPC and REST face of notes about people.</summary>
internal sealed class UserNotesService(UserNoteStore store, TimeProvider time) : UserNotes.UserNotesBase
{
    private const int MostShown = 200;
    private const int Longest = 2000;

    public override async Task<ListUserNotesResponse> List(ListUserNotesRequest request, ServerCallContext context)
    {
        var notes = await store.ListAsync(UserNames.Normalise(request.UserName), MostShown, context.CancellationToken) ?? throw Refusal.Refused(RefusalReason.NotFound, "user_name");
        return new() { Notes = { notes.Select(From) } };
    }

    public override async Task<UserNote> Add(AddUserNoteRequest request, ServerCallContext context)
    {
        var text = request.Text.Trim();
        if (text.Length is 0 or > Longest || text.Any(c => char.IsControl(c) && c is not '\n')) throw Refusal.Refused(RefusalReason.InvalidField, $"text: 1 to {Longest} characters");
        var note = await store.AddAsync(Guid.CreateVersion7(time.GetUtcNow()), UserNames.Normalise(request.UserName), text, context.Caller()) ?? throw Refusal.Refused(RefusalReason.NotFound, "user_name");
        return From(note);
    }

    private static UserNote From(UserNoteRow row) => new()
    {
        NoteId = row.NoteId.ToString(), WrittenAt = Timestamp.FromDateTime(DateTime.SpecifyKind(row.WrittenAt, DateTimeKind.Utc)), WrittenBy = row.WrittenBy, Text = row.Text,
    };
}
