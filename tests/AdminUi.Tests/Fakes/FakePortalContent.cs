using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Tests.Fakes;

/// <summary>Announcements and links of the fake broker: what was set last is shown.</summary>
internal sealed class FakePortalContent(FakeWorld world) : PortalContent.PortalContentBase
{
    public override Task<ListAnnouncementsResponse> ListAnnouncements(ListAnnouncementsRequest request, ServerCallContext context)
    {
        world.Demand(context);
        return Task.FromResult(new ListAnnouncementsResponse { Announcements = { world.Announcements } });
    }

    public override Task<Announcement> SetAnnouncement(Announcement request, ServerCallContext context)
    {
        world.Demand(context);
        if (request.AnnouncementId is "") request.AnnouncementId = Guid.NewGuid().ToString();
        request.ShowsFrom ??= Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow.AddMinutes(-1));
        world.Announcements.RemoveAll(a => a.AnnouncementId == request.AnnouncementId);
        world.Announcements.Add(request);
        return Task.FromResult(request);
    }

    public override Task<DeleteAnnouncementResponse> DeleteAnnouncement(DeleteAnnouncementRequest request, ServerCallContext context)
    {
        world.Demand(context);
        world.Announcements.RemoveAll(a => a.AnnouncementId == request.AnnouncementId);
        return Task.FromResult(new DeleteAnnouncementResponse());
    }

    public override Task<ListLinksResponse> ListLinks(ListLinksRequest request, ServerCallContext context)
    {
        world.Demand(context);
        return Task.FromResult(new ListLinksResponse { Links = { world.Links } });
    }

    public override Task<WebLink> SetLink(WebLink request, ServerCallContext context)
    {
        world.Demand(context);
        if (request.LinkId is "") request.LinkId = Guid.NewGuid().ToString();
        world.Links.RemoveAll(l => l.LinkId == request.LinkId);
        world.Links.Add(request);
        return Task.FromResult(request);
    }

    public override Task<DeleteLinkResponse> DeleteLink(DeleteLinkRequest request, ServerCallContext context)
    {
        world.Demand(context);
        world.Links.RemoveAll(l => l.LinkId == request.LinkId);
        return Task.FromResult(new DeleteLinkResponse());
    }
}
