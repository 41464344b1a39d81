using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using Contract = Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Portal;

/// <summary>The gRPC and REST face of announcements and links.</summary>
internal sealed class PortalContentService(ContentStore store, TimeProvider time) : PortalContent.PortalContentBase
{
    private const int LongestText = 500;
    private const int LongestName = 80;
    private const int LongestDescription = 200;
    private const int LongestAddress = 500;

    public override async Task<ListAnnouncementsResponse> ListAnnouncements(ListAnnouncementsRequest request, ServerCallContext context) =>
        new() { Announcements = { (await store.AnnouncementsAsync(shown: false)).Select(From) } };

    public override async Task<Announcement> SetAnnouncement(Announcement request, ServerCallContext context)
    {
        var (pt, en) = Both(request.TextPt, request.TextEn, LongestText, "text");
        var (from, until) = (request.ShowsFrom?.ToDateTime(), request.ShowsUntil?.ToDateTime());
        if (until <= (from ?? time.GetUtcNow().UtcDateTime)) throw Refusal.Refused(RefusalReason.InvalidField, "shows_until: after shows_from, and after now");
        var row = new AnnouncementRow(IdOf(request.AnnouncementId, "announcement_id"), pt, en, request.Urgent, from ?? default, until);
        await store.SetAnnouncementAsync(row, context.Caller());
        return (await store.AnnouncementsAsync(shown: false)).Where(a => a.AnnouncementId == row.AnnouncementId).Select(From).Single();
    }

    public override async Task<DeleteAnnouncementResponse> DeleteAnnouncement(DeleteAnnouncementRequest request, ServerCallContext context)
    {
        if (!await store.DeleteAnnouncementAsync(Ids.Parse(request.AnnouncementId, "announcement_id"), context.Caller())) throw Refusal.Refused(RefusalReason.NotFound, "announcement_id");
        return new();
    }

    public override async Task<ListLinksResponse> ListLinks(ListLinksRequest request, ServerCallContext context) =>
        new() { Links = { (await store.LinksAsync()).Select(From) } };

    public override async Task<Contract.WebLink> SetLink(Contract.WebLink request, ServerCallContext context)
    {
        var (pt, en) = Both(request.NamePt, request.NameEn, LongestName, "name");
        var address = request.Address.Trim();
        if (address.Length > LongestAddress || !Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http") || uri.UserInfo.Length > 0)
            throw Refusal.Refused(RefusalReason.InvalidField, $"address: https://… or http://…, without a password, at most {LongestAddress} characters");
        if (request.Position > 1000) throw Refusal.Refused(RefusalReason.InvalidField, "position: 1 to 1000, or 0 for the end");
        var row = new LinkRow(IdOf(request.LinkId, "link_id"), (int)request.Position, pt, en, Text(request.DescriptionPt, LongestDescription, "description_pt"), Text(request.DescriptionEn, LongestDescription, "description_en"), uri.AbsoluteUri);
        await store.SetLinkAsync(row, context.Caller());
        return (await store.LinksAsync()).Where(l => l.LinkId == row.LinkId).Select(From).Single();
    }

    public override async Task<DeleteLinkResponse> DeleteLink(DeleteLinkRequest request, ServerCallContext context)
    {
        if (!await store.DeleteLinkAsync(Ids.Parse(request.LinkId, "link_id"), context.Caller())) throw Refusal.Refused(RefusalReason.NotFound, "link_id");
        return new();
    }

    private Guid IdOf(string id, string field) => id is "" ? Guid.CreateVersion7(time.GetUtcNow()) : Ids.Parse(id, field);

    private static (string Pt, string En) Both(string pt, string en, int longest, string field)
    {
        if (string.IsNullOrWhiteSpace(pt) && string.IsNullOrWhiteSpace(en)) throw Refusal.Refused(RefusalReason.InvalidField, $"{field}_pt or {field}_en: one of them at least");
        return (Text(pt, longest, $"{field}_pt"), Text(en, longest, $"{field}_en"));
    }

    private static string Text(string text, int longest, string field) =>
        text.Trim() is var trimmed && trimmed.Length <= longest ? trimmed : throw Refusal.Refused(RefusalReason.InvalidField, $"{field}: at most {longest} characters");

    private static Announcement From(AnnouncementRow row) => new()
    {
        AnnouncementId = row.AnnouncementId.ToString(), TextPt = row.TextPt, TextEn = row.TextEn, Urgent = row.Urgent,
        ShowsFrom = Timestamp.FromDateTime(DateTime.SpecifyKind(row.ShowsFrom, DateTimeKind.Utc)),
        ShowsUntil = row.ShowsUntil is { } until ? Timestamp.FromDateTime(DateTime.SpecifyKind(until, DateTimeKind.Utc)) : null,
    };

    private static Contract.WebLink From(LinkRow row) => new()
    {
        LinkId = row.LinkId.ToString(), Position = (uint)row.Position, NamePt = row.NamePt, NameEn = row.NameEn,
        DescriptionPt = row.DescriptionPt, DescriptionEn = row.DescriptionEn, Address = row.Address,
    };
}
