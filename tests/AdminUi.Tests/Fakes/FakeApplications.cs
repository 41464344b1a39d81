using Grpc.Core;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Tests.Fakes;

/// <summary>Published applications of the fake broker: what was set last is listed.</summary>
internal sealed class FakeApplications(FakeWorld world) : Applications.ApplicationsBase
{
    public override Task<ListApplicationsResponse> List(ListApplicationsRequest request, ServerCallContext context)
    {
        world.Demand(context);
        return Task.FromResult(new ListApplicationsResponse { Applications = { world.Applications.Where(a => a.PoolId == request.PoolId) } });
    }

    public override Task<Application> Publish(PublishApplicationRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var one = new Application
        {
            ApplicationId = request.ApplicationId is "" ? Guid.NewGuid().ToString() : request.ApplicationId, PoolId = request.PoolId, Name = request.Name, Program = request.Program,
            Arguments = request.Arguments, Description = request.Description, Narrowed = request.Narrowed, Groups = { request.GroupIds.Select(id => new ApplicationGroup { GroupId = id, Name = id }) },
        };
        world.Applications.RemoveAll(a => a.ApplicationId == one.ApplicationId);
        world.Applications.Add(one);
        return Task.FromResult(one);
    }

    public override Task<Application> SetIcon(SetApplicationIconRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var one = world.Applications.Single(a => a.ApplicationId == request.ApplicationId);
        world.Icon = request.Png;
        one.Icon = request.Png.IsEmpty ? "" : Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(request.Png.Span));
        return Task.FromResult(one);
    }

    public override Task<ApplicationIcon> GetIcon(GetApplicationIconRequest request, ServerCallContext context)
    {
        world.Demand(context);
        return Task.FromResult(new ApplicationIcon { Png = world.Icon });
    }

    public override Task<RemoveApplicationResponse> Remove(RemoveApplicationRequest request, ServerCallContext context)
    {
        world.Demand(context);
        world.Applications.RemoveAll(a => a.ApplicationId == request.ApplicationId);
        return Task.FromResult(new RemoveApplicationResponse());
    }
}
