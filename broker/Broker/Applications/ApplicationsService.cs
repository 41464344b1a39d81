using System.Buffers;
using Google.Protobuf;
using Grpc.Core;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using Contract = Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Applications;

/// <summary>The gRPC and REST face of published applications.</summary>
internal sealed class ApplicationsService(ApplicationStore store, TimeProvider time) : Contract.Applications.ApplicationsBase
{
    private const int LongestName = 80;
    private const int LongestDescription = 200;
    private const int LongestCommand = 180;      // with what is put before it, 255 characters of a Client Info
    private const int MostGroups = 50;

    private static readonly SearchValues<char> Quotes = SearchValues.Create("'\"");

    public override async Task<ListApplicationsResponse> List(ListApplicationsRequest request, ServerCallContext context) =>
        new() { Applications = { (await AllAsync(PoolOf(request.PoolId))).Select(From) } };

    public override async Task<Application> Publish(PublishApplicationRequest request, ServerCallContext context)
    {
        var wanted = Read(request);
        if (await store.PublishAsync(wanted, context.Caller()) is { } no) throw Refusal.Refused(no.Reason, no.Field);
        return (await AllAsync(new(wanted.Pool))).Where(a => a.ApplicationId == wanted.Id).Select(From).FirstOrDefault()
            ?? throw Refusal.Refused(RefusalReason.ApplicationUnknown, "application_id");       // removed by somebody else in the same moment
    }

    public override async Task<Application> SetIcon(SetApplicationIconRequest request, ServerCallContext context)
    {
        var (pool, id) = (PoolOf(request.PoolId), Ids.Parse(request.ApplicationId, "application_id"));
        byte[]? png = null;
        if (!request.Png.IsEmpty) png = PngIcon.Read(request.Png.Span, out var wanted) ?? throw Refusal.Refused(RefusalReason.InvalidField, $"png: {wanted}");
        if (!await store.SetIconAsync(pool, id, png, context.Caller())) throw Refusal.Refused(RefusalReason.ApplicationUnknown, "application_id");
        return (await AllAsync(pool)).Where(a => a.ApplicationId == id).Select(From).FirstOrDefault() ?? throw Refusal.Refused(RefusalReason.ApplicationUnknown, "application_id");
    }

    public override async Task<ApplicationIcon> GetIcon(GetApplicationIconRequest request, ServerCallContext context) =>
        await store.IconAsync(PoolOf(request.PoolId), Ids.Parse(request.ApplicationId, "application_id")) is { } png ? new() { Png = UnsafeByteOperations.UnsafeWrap(png) } : throw Refusal.Refused(RefusalReason.NotFound, "icon");

    public override async Task<RemoveApplicationResponse> Remove(RemoveApplicationRequest request, ServerCallContext context)
    {
        if (!await store.RemoveAsync(PoolOf(request.PoolId), Ids.Parse(request.ApplicationId, "application_id"), context.Caller())) throw Refusal.Refused(RefusalReason.ApplicationUnknown, "application_id");
        return new();
    }

    private async Task<List<ApplicationRow>> AllAsync(PoolId pool) => await store.ListAsync(pool) ?? throw Refusal.Refused(RefusalReason.PoolUnknown, "pool_id");

    private WantedApplication Read(PublishApplicationRequest request)
    {
        var (program, arguments) = (Line(request.Program, "program"), Line(request.Arguments, "arguments"));
        if (program.Length == 0 || program.AsSpan().ContainsAny(Quotes)) throw Refusal.Refused(RefusalReason.InvalidField, "program: a path or a name, without quotes; what follows it goes into arguments");
        if (program.Length + arguments.Length > LongestCommand) throw Refusal.Refused(RefusalReason.InvalidField, $"arguments: with program at most {LongestCommand} characters; put a longer line into a script on the image");
        var name = Line(request.Name, "name");
        if (name.Length is 0 or > LongestName) throw Refusal.Refused(RefusalReason.InvalidField, $"name: 1 to {LongestName} characters");
        var description = Line(request.Description, "description");
        if (description.Length > LongestDescription) throw Refusal.Refused(RefusalReason.InvalidField, $"description: at most {LongestDescription} characters");
        if (request.GroupIds.Count > MostGroups) throw Refusal.Refused(RefusalReason.InvalidField, $"group_ids: at most {MostGroups}");
        if (request.GroupIds.Count > 0 && !request.Narrowed) throw Refusal.Refused(RefusalReason.InvalidField, "group_ids: only with narrowed, else everybody who has the right to the pool may open it");
        var isNew = request.ApplicationId is "";
        return new(isNew ? Guid.CreateVersion7(time.GetUtcNow()) : Ids.Parse(request.ApplicationId, "application_id"), isNew, PoolOf(request.PoolId).Value,
            name, description, program, arguments, request.Narrowed, [.. request.GroupIds.Select(g => Ids.Parse(g, "group_ids")).Distinct()]);
    }

    private static PoolId PoolOf(string id) => new(Ids.Parse(id, "pool_id"));

    private static string Line(string text, string field) =>
        text.Trim() is var line && !line.Any(char.IsControl) ? line : throw Refusal.Refused(RefusalReason.InvalidField, $"{field}: one line");

    private static Application From(ApplicationRow row) => new()
    {
        ApplicationId = row.ApplicationId.ToString(), PoolId = row.PoolId.ToString(), Name = row.Name, Description = row.Description, Program = row.Program, Arguments = row.Arguments,
        Narrowed = row.Narrowed, Groups = { row.GroupIds.Zip(row.GroupNames, (id, name) => new ApplicationGroup { GroupId = id.ToString(), Name = name }) }, Sessions = (uint)row.Sessions, Icon = row.Icon,
    };
}
