using System.Text.RegularExpressions;
using Grpc.Core;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Desk;

/// <summary>The gRPC and REST face of saved views: everybody's own, and nobody else's.</summary>
internal sealed partial class SavedViewsService(SavedViewStore store) : SavedViews.SavedViewsBase
{
    private const int Most = 50;
    private const int LongestName = 80;
    private const int LongestQuery = 2000;

    public override async Task<ListSavedViewsResponse> List(ListSavedViewsRequest request, ServerCallContext context)
    {
        var page = Page(request.Page);
        var views = await store.ListAsync(context.Caller().User, page, context.CancellationToken);
        return new() { Views = { views.Select(v => new SavedView { Page = page, Name = v.Name, Query = v.Query }) } };
    }

    public override async Task<SavedView> Set(SavedView request, ServerCallContext context)
    {
        var (page, name) = (Page(request.Page), Name(request.Name));
        if (request.Query.Length > LongestQuery || request.Query.Any(char.IsControl)) throw Refusal.Refused(RefusalReason.InvalidField, $"query: at most {LongestQuery} characters");
        if (!await store.SetAsync(context.Caller().User, page, name, request.Query, Most)) throw Refusal.Refused(RefusalReason.InvalidField, $"views: at most {Most} for a page; delete one");
        return new() { Page = page, Name = name, Query = request.Query };
    }

    public override async Task<DeleteSavedViewResponse> Delete(DeleteSavedViewRequest request, ServerCallContext context)
    {
        await store.DeleteAsync(context.Caller().User, Page(request.Page), Name(request.Name));
        return new();
    }

    private static string Page(string typed) => PageName().IsMatch(typed) ? typed : throw Refusal.Refused(RefusalReason.InvalidField, "page: small letters and hyphens, at most 40");

    private static string Name(string typed) =>
        typed.Trim() is { Length: > 0 and <= LongestName } name && !name.Any(char.IsControl) ? name : throw Refusal.Refused(RefusalReason.InvalidField, $"name: 1 to {LongestName} characters");

    [GeneratedRegex(@"^[a-z][a-z-]{0,39}\z")]
    private static partial Regex PageName();
}
