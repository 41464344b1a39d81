using Grpc.Core;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.AdminUi.Tests.Fakes;

/// <summary>Directories of the fake broker; what trying one says is the test's.</summary>
internal sealed class FakeDirectories(FakeWorld world) : Directories.DirectoriesBase
{
    public override Task<ListDirectoriesResponse> List(ListDirectoriesRequest request, ServerCallContext context)
    {
        world.Demand(context);
        return Task.FromResult(new ListDirectoriesResponse { Directories = { world.Directories } });
    }

    public override Task<TestDirectoryResponse> Test(TestDirectoryRequest request, ServerCallContext context)
    {
        world.Demand(context);
        Check(request.Directory, request.BindPassword);
        world.Calls.Enqueue($"test-directory {string.Join(' ', request.Directory.Servers)}");
        return Task.FromResult(world.DirectoryTest);
    }

    public override Task<LdapDirectory> Save(SaveDirectoryRequest request, ServerCallContext context)
    {
        world.Demand(context);
        Check(request.Directory, request.BindPassword);
        var saved = request.Directory;
        if (saved.DirectoryId.Length == 0) saved.DirectoryId = $"d-{world.Directories.Count + 1}";
        world.Directories.RemoveAll(d => d.DirectoryId == saved.DirectoryId);
        world.Directories.Add(saved);
        world.Calls.Enqueue($"save-directory {saved.Name} {string.Join(' ', saved.Servers)}");
        return Task.FromResult(saved);
    }

    public override Task<SyncDirectoryResponse> Sync(SyncDirectoryRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var directory = world.Directories.Single(d => d.DirectoryId == request.DirectoryId);
        if (directory.SyncError.Length > 0) throw FakeWorld.Refuse(StatusCode.Unavailable, ReasonCode.DirectoryUnreachable, directory.Name);
        return Task.FromResult(new SyncDirectoryResponse { Disabled = 2, MembersAdded = 5, MembersRemoved = 1 });
    }

    public override Task<RemoveDirectoryResponse> Remove(RemoveDirectoryRequest request, ServerCallContext context)
    {
        world.Demand(context);
        world.Directories.RemoveAll(d => d.DirectoryId == request.DirectoryId);
        return Task.FromResult(new RemoveDirectoryResponse());
    }

    private void Check(LdapDirectory said, string password)
    {
        var before = world.Directories.FirstOrDefault(d => d.DirectoryId == said.DirectoryId);
        if (password.Length == 0 && (before is null || !before.Servers.SequenceEqual(said.Servers))) throw FakeWorld.Refuse(StatusCode.InvalidArgument, ReasonCode.InvalidField, "bind_password: enter it again when servers, TLS, authorities or the account change");
    }
}
