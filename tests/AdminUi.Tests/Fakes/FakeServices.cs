using Grpc.Core;
using Status = Montalegre.Vdi.Contracts.Admin.V1.Status;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using Google.Protobuf.WellKnownTypes;

namespace Montalegre.Vdi.AdminUi.Tests.Fakes;

internal sealed class FakeAdministrators(FakeWorld world) : Administrators.AdministratorsBase
{
    public override Task<Status> GetStatus(GetStatusRequest request, ServerCallContext context) => Task.FromResult(new Status { SetUpDone = world.SetUpDone, Version = "0.1.0" });

    public override Task<ReportCertificateResponse> ReportCertificate(ReportCertificateRequest request, ServerCallContext context)
    {
        world.Demand(context);
        world.ConsoleCertificates.Enqueue(request);
        return Task.FromResult(new ReportCertificateResponse());
    }

    public override Task<AdministratorSignInResponse> SetUp(SetUpRequest request, ServerCallContext context)
    {
        if (world.SetUpDone || request.Token != FakeWorld.SetUpToken) throw FakeWorld.Refuse(StatusCode.PermissionDenied, ReasonCode.SetUpLinkInvalid);
        world.SetUpDone = true;
        world.Calls.Enqueue($"set-up {request.UserName}");
        return Task.FromResult(world.Begin(request.UserName, mustEnrol: true));
    }

    public override Task<AdministratorSignInResponse> SignIn(AdministratorSignInRequest request, ServerCallContext context) =>
        request.Password == FakeWorld.Password ? Task.FromResult(world.Begin(request.UserName, world.MustEnrol)) : throw FakeWorld.Refuse(StatusCode.Unauthenticated, ReasonCode.SignInFailed);

    public override Task<AdministratorSignOutResponse> SignOut(AdministratorSignOutRequest request, ServerCallContext context)
    {
        world.Demand(context);
        world.Tokens.TryRemove((context.RequestHeaders.GetValue("authorization") ?? "")["Bearer ".Length..], out _);
        world.Calls.Enqueue("sign-out");
        return Task.FromResult(new AdministratorSignOutResponse());
    }
}

internal sealed class FakePools(FakeWorld world) : Pools.PoolsBase
{
    public override async Task Watch(WatchPoolsRequest request, IServerStreamWriter<PoolsUpdate> stream, ServerCallContext context)
    {
        world.Demand(context);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, world.Watching);
        await world.Pools.WatchAsync(all => stream.WriteAsync(new() { Snapshot = new() { Pools = { all } } }),
            (changed, removed) => stream.WriteAsync(new() { Changes = new() { Changed = { changed }, Removed = { removed } } }), ended.Token);
    }

    public override Task<Pool> Create(CreatePoolRequest request, ServerCallContext context)
    {
        world.Demand(context);
        if (world.Pools.All.Any(p => p.Name == request.Name)) throw FakeWorld.Refuse(StatusCode.AlreadyExists, ReasonCode.NameTaken, request.Name);
        var pool = new Pool { PoolId = "pool-" + request.Name, Name = request.Name, Kind = request.Kind, Size = request.Size, Enabled = true, Cpus = request.Cpus, MemoryMib = request.MemoryMib, MachineNamePattern = request.MachineNamePattern,
            Spare = request.Spare, Hosts = { world.Hosts.Where(h => request.HostIds.Contains(h.HostId)).Select(h => new PoolHost { HostId = h.HostId, Name = h.Name }) },
            SiteId = request.SiteId, SiteName = world.Sites.FirstOrDefault(s => s.SiteId == request.SiteId)?.Name ?? "", Placement = request.Placement, MostPerHost = request.MostPerHost, BlockedFeatures = { request.BlockedFeatures }, RdGatewayEndToEnd = request.RdGatewayEndToEnd, SessionRules = request.SessionRules };
        world.Calls.Enqueue($"create-pool {request.Name} {request.Kind} {request.Size} {request.ImageVersionId} {string.Join(",", request.HostIds)}");
        if (request.Sharing is { } sharing) world.Calls.Enqueue($"shared {pool.Name} {sharing.SessionsPerMachine}");
        world.Calls.Enqueue($"placed {pool.Name} {pool.Spare?.Machines} {pool.Placement} {string.Join(',', request.HostIds)}");
        world.Pools.Put(pool);
        return Task.FromResult(pool);
    }

    public override Task<Pool> Update(UpdatePoolRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var pool = world.Pools.Find(request.PoolId)!.Clone();
        if (request.HasSize) pool.Size = request.Size;
        if (request.HasEnabled) pool.Enabled = request.Enabled;
        if (request.HasName) pool.Name = request.Name;
        if (request.HasDescription) pool.Description = request.Description;
        if (request.HasInstant)
        {
            pool.Instant = request.Instant;
            world.Calls.Enqueue($"instant {pool.Name} {pool.Instant}");
        }
        if (request.HasSiteId)
        {
            if ((request.Hosts?.HostIds ?? [.. pool.Hosts.Select(p => p.HostId)]).Select(id => world.Hosts.Single(h => h.HostId == id)).FirstOrDefault(h => request.SiteId.Length > 0 && h.SiteId != request.SiteId) is { } elsewhere)
                throw FakeWorld.Refuse(StatusCode.FailedPrecondition, ReasonCode.HostOfOtherSite, elsewhere.SiteName.Length > 0 ? $"{elsewhere.Name} ({elsewhere.SiteName})" : elsewhere.Name);
            (pool.SiteId, pool.SiteName) = (request.SiteId, world.Sites.FirstOrDefault(s => s.SiteId == request.SiteId)?.Name ?? "");
            world.Calls.Enqueue($"pool-site {pool.Name} {pool.SiteName}");
        }
        if (request.Spare is { } spare) pool.Spare = spare;
        if (request.SessionRules is { } rules)
        {
            pool.SessionRules.MergeFrom(rules);
            world.Calls.Enqueue($"rules {rules}");
        }
        if (request.Placement is not Placement.Unspecified) pool.Placement = request.Placement;
        if (request.HasMostPerHost) pool.MostPerHost = request.MostPerHost;
        if (request.Hosts is { } hosts)
        {
            pool.Hosts.Clear();
            pool.Hosts.AddRange(world.Hosts.Where(h => hosts.HostIds.Contains(h.HostId)).Select(h => new PoolHost { HostId = h.HostId, Name = h.Name }));
            world.Calls.Enqueue($"placed {pool.Name} {(pool.Spare.WantedCase == Spare.WantedOneofCase.Machines ? pool.Spare.Machines : "")} {pool.Placement} {string.Join(',', hosts.HostIds)}");
        }
        if (request.BlockedFeatures is { } blocked)
        {
            pool.BlockedFeatures.Clear();
            pool.BlockedFeatures.AddRange(blocked.Features);
            world.Calls.Enqueue($"block {string.Join(' ', blocked.Features)}");
        }
        if (request.HasRdGatewayEndToEnd)
        {
            pool.RdGatewayEndToEnd = request.RdGatewayEndToEnd;
            world.Calls.Enqueue($"end-to-end {request.RdGatewayEndToEnd}");
        }
        world.Calls.Enqueue($"update-pool {pool.Name} size={pool.Size} enabled={pool.Enabled}");
        world.Pools.Put(pool);
        return Task.FromResult(pool);
    }

    public override Task<DeletePoolResponse> Delete(DeletePoolRequest request, ServerCallContext context)
    {
        world.Demand(context);
        if (world.Sessions.All.Any(s => s.PoolId == request.PoolId && s.State != SessionState.Ended)) throw FakeWorld.Refuse(StatusCode.FailedPrecondition, ReasonCode.InUse, "pool");
        world.Pools.Remove(request.PoolId);
        return Task.FromResult(new DeletePoolResponse());
    }

    public override Task<EntitleResponse> RevokeEntitlement(EntitleRequest request, ServerCallContext context)
    {
        world.Demand(context);
        world.Entitled[request.PoolId].RemoveAll(u => u.UserName == request.UserName);
        world.Calls.Enqueue($"revoke {request.UserName}");
        return Task.FromResult(new EntitleResponse());
    }

    public override Task<EntitleResponse> Entitle(EntitleRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var user = world.Users.FirstOrDefault(u => u.UserName == request.UserName) ?? throw FakeWorld.Refuse(StatusCode.NotFound, ReasonCode.NotFound, request.UserName);
        world.Entitled.GetOrAdd(request.PoolId, _ => []).Add(user);
        world.Calls.Enqueue($"entitle {request.UserName}");
        return Task.FromResult(new EntitleResponse());
    }

    public override Task<EntitleResponse> EntitleGroup(EntitleGroupRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var group = world.Groups.Single(g => g.GroupId == request.GroupId);
        world.EntitledGroups.GetOrAdd(request.PoolId, _ => []).Add(group);
        group.Pools++;
        world.Calls.Enqueue($"entitle-group {group.Name}");
        return Task.FromResult(new EntitleResponse());
    }

    public override Task<EntitleResponse> RevokeGroup(EntitleGroupRequest request, ServerCallContext context)
    {
        world.Demand(context);
        world.EntitledGroups[request.PoolId].RemoveAll(g => g.GroupId == request.GroupId);
        world.Groups.Single(g => g.GroupId == request.GroupId).Pools--;
        return Task.FromResult(new EntitleResponse());
    }

    public override Task<ListEntitlementsResponse> ListEntitlements(ListEntitlementsRequest request, ServerCallContext context)
    {
        world.Demand(context);
        return Task.FromResult(new ListEntitlementsResponse { Users = { world.Entitled.GetValueOrDefault(request.PoolId) ?? [] }, Groups = { world.EntitledGroups.GetValueOrDefault(request.PoolId) ?? [] } });
    }
}

internal sealed class FakeMachines(FakeWorld world) : Machines.MachinesBase
{
    public override async Task Watch(WatchMachinesRequest request, IServerStreamWriter<MachinesUpdate> stream, ServerCallContext context)
    {
        world.Demand(context);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, world.Watching);
        await world.Machines.WatchAsync(all => stream.WriteAsync(new() { Snapshot = new() { Machines = { all } } }),
            (changed, removed) => stream.WriteAsync(new() { Changes = new() { Changed = { changed }, Removed = { removed } } }), ended.Token);
    }

    public override Task<MachineDetails> Get(GetMachineRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var machine = world.Machines.Find(request.MachineId) ?? throw FakeWorld.Refuse(StatusCode.NotFound, ReasonCode.NotFound);
        return Task.FromResult(new MachineDetails { Machine = machine, History = { world.Audit.Where(a => a.ObjectId == machine.MachineId).OrderByDescending(a => a.At) }, Operations = { FakeData.Operations() }, WakeAddresses = { world.WakeAddresses.GetValueOrDefault(machine.MachineId, []) } });
    }

    public override Task<MachineActionResponse> Restart(MachineActionRequest request, ServerCallContext context) => Act("restart", request.MachineId, context, m => m.State = MachineState.Provisioning);
    public override Task<MachineActionResponse> Refresh(MachineActionRequest request, ServerCallContext context) => Act("refresh", request.MachineId, context, m => m.State = MachineState.Provisioning);
    public override Task<MachineActionResponse> Remove(MachineActionRequest request, ServerCallContext context) => Act("remove", request.MachineId, context, m => m.State = MachineState.Deleting);
    public override Task<MachineActionResponse> SetDrain(SetDrainRequest request, ServerCallContext context) => Act("drain", request.MachineId, context, m => m.Draining = request.Drain);

    public override Task<MachineActionResponse> Wake(MachineActionRequest request, ServerCallContext context) => Act("wake", request.MachineId, context, m => m.Step = "magic_packet");

    public override Task<MachineActionResponse> SetWakeAddresses(SetWakeAddressesRequest request, ServerCallContext context)
    {
        world.WakeAddresses[request.MachineId] = [.. request.Addresses];
        return Act($"wake-address {string.Join(' ', request.Addresses.Select(a => $"{a.Mac}@{a.Broadcast}:{a.Port}"))}", request.MachineId, context, m => m.Wakeable = request.Addresses.Count > 0);
    }

    public override Task<AddManualMachineResponse> AddManual(AddManualMachineRequest request, ServerCallContext context) => Add(request.PoolId, "m-" + request.Name, request.Name, context);

    public override Task<AddManualMachineResponse> Adopt(AdoptMachineRequest request, ServerCallContext context) =>
        Add(request.PoolId, request.DomainUuid, world.Foreign.Single(m => m.DomainUuid == request.DomainUuid).Name, context);

    private Task<AddManualMachineResponse> Add(string pool, string id, string name, ServerCallContext context)
    {
        world.Demand(context);
        if (world.Machines.All.Any(m => m.Name == name)) throw FakeWorld.Refuse(StatusCode.AlreadyExists, ReasonCode.NameTaken, name);
        var machine = new Machine { MachineId = id, Name = name, PoolId = pool, PoolName = world.Pools.Find(pool)!.Name, State = MachineState.Unreachable, Manual = true };
        world.Machines.Put(machine);
        world.Calls.Enqueue($"add-machine {name} {pool}");
        return Task.FromResult(new AddManualMachineResponse { Machine = machine, JoinDocument = "montalegre-join 1\ntoken " + FakeWorld.JoinToken, JoinExpiresAt = DateTimeOffset.UtcNow.AddHours(4).ToTimestamp() });
    }

    private Task<MachineActionResponse> Act(string what, string id, ServerCallContext context, Action<Machine> change)
    {
        world.Demand(context);
        if (world.RefusedMachines.TryGetValue(id, out var reason)) throw FakeWorld.Refuse(StatusCode.FailedPrecondition, reason);
        var machine = world.Machines.Find(id)!.Clone();
        change(machine);
        world.Machines.Put(machine);
        world.Calls.Enqueue($"{what} {machine.Name}");
        return Task.FromResult(new MachineActionResponse { Machine = machine });
    }
}

internal sealed class FakeSessions(FakeWorld world) : Sessions.SessionsBase
{
    public override async Task Watch(WatchSessionsRequest request, IServerStreamWriter<SessionsUpdate> stream, ServerCallContext context)
    {
        world.Demand(context);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, world.Watching);
        await world.Sessions.WatchAsync(all => stream.WriteAsync(new() { Snapshot = new() { Sessions = { all } } }),
            (changed, removed) => stream.WriteAsync(new() { Changes = new() { Changed = { changed }, Removed = { removed } } }), ended.Token);
    }

    public override Task<SessionDetails> Get(GetSessionRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var session = world.Sessions.Find(request.SessionId) ?? throw FakeWorld.Refuse(StatusCode.NotFound, ReasonCode.NotFound);
        return Task.FromResult(new SessionDetails
        {
            Session = session, Phases = { world.Phases.GetValueOrDefault(session.SessionId) ?? [] }, Connections = { FakeData.Connections() },
            History = { world.Audit.Where(a => a.ObjectId == session.SessionId).OrderByDescending(a => a.At) },
        });
    }

    public override Task<LogonTimesResponse> LogonTimes(LogonTimesRequest request, ServerCallContext context)
    {
        world.Demand(context);
        (string Name, uint Median, uint P95)[] times = [("brokering", 41, 90), ("connect", 350, 720), ("authenticate", 560, 980), ("session_open", 830, 1540), ("display", 940, 1600), ("desktop", 1450, 2900)];
        return Task.FromResult(world.Sessions.All.Length == 0 ? new() : new LogonTimesResponse
        {
            Whole = new() { Name = "whole", Count = 214, MedianMilliseconds = 4070, P95Milliseconds = 6210 },
            Phases = { times.Select(t => new LogonTime { Name = t.Name, Count = 214, MedianMilliseconds = t.Median, P95Milliseconds = t.P95 }) },
        });
    }

    public override Task<SessionActionResponse> LogOff(SessionActionRequest request, ServerCallContext context) => Act("log-off", request.SessionId, context, s => s.State = SessionState.Ended);
    public override Task<SessionActionResponse> Disconnect(SessionActionRequest request, ServerCallContext context) => Act("disconnect", request.SessionId, context, s => (s.State, s.Connected) = (SessionState.Disconnected, false));
    public override Task<SessionActionResponse> SendMessage(SendMessageRequest request, ServerCallContext context) => Act($"message '{request.Text}' to", request.SessionId, context, _ => { });

    private Task<SessionActionResponse> Act(string what, string id, ServerCallContext context, Action<Session> change)
    {
        world.Demand(context);
        var session = world.Sessions.Find(id)!.Clone();
        if (session.State == SessionState.Ended) throw FakeWorld.Refuse(StatusCode.FailedPrecondition, ReasonCode.SessionEnded);
        change(session);
        world.Sessions.Put(session);
        world.Calls.Enqueue($"{what} {session.UserName}");
        return Task.FromResult(new SessionActionResponse { Session = session });
    }
}

internal sealed class FakeInfrastructure(FakeWorld world) : Infrastructure.InfrastructureBase
{
    public override Task<ListHostsResponse> ListHosts(ListHostsRequest request, ServerCallContext context) => Task.FromResult(new ListHostsResponse { Hosts = { world.Hosts } });
    public override Task<ListImagesResponse> ListImages(ListImagesRequest request, ServerCallContext context) => Task.FromResult(new ListImagesResponse { Images = { world.Images } });
    public override Task<ListGatewaysResponse> ListGateways(ListGatewaysRequest request, ServerCallContext context) => Task.FromResult(new ListGatewaysResponse { Gateways = { world.Gateways } });

    public override Task<Host> TestHost(AddHostRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var reached = !request.Uri.Contains("nowhere", StringComparison.Ordinal);
        return Task.FromResult(new Host { Name = request.Name, Uri = request.Uri, Connected = reached, Cpus = 48, MemoryMib = 393216, Error = reached ? "" : "unable to connect to server at 'nowhere:16514'" });
    }

    public override Task<Host> AddHost(AddHostRequest request, ServerCallContext context)
    {
        world.Demand(context);
        if (request.StoragePath == "/") throw FakeWorld.Refuse(StatusCode.InvalidArgument, ReasonCode.InvalidField, "storage_path: an absolute path on the host");
        var host = new Host { HostId = "host-" + request.Name, Name = request.Name, Uri = request.Uri, Connected = true, Network = request.Network, StoragePath = request.StoragePath, SharedStorage = request.SharedStorage };
        (host.SiteId, host.SiteName) = (request.AtSiteId, world.Sites.FirstOrDefault(s => s.SiteId == request.AtSiteId)?.Name ?? "");
        world.Hosts.Add(host);
        world.Calls.Enqueue($"add-host {host.Name} {host.Uri}");
        return Task.FromResult(host);
    }

    public override Task<RemoveHostResponse> RemoveHost(RemoveHostRequest request, ServerCallContext context)
    {
        world.Demand(context);
        if (world.Pools.All.Any(p => p.Hosts.Any(h => h.HostId == request.HostId))) throw FakeWorld.Refuse(StatusCode.FailedPrecondition, ReasonCode.InUse, "host");
        world.Hosts.RemoveAll(h => h.HostId == request.HostId);
        return Task.FromResult(new RemoveHostResponse());
    }

    public override Task<FenceHostResponse> FenceHost(FenceHostRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var host = world.Hosts.Single(h => h.HostId == request.HostId);
        if (host.Connected) throw FakeWorld.Refuse(StatusCode.FailedPrecondition, ReasonCode.HostNotLost, "host");
        host.FencedAt = DateTimeOffset.UtcNow.ToTimestamp();
        world.Calls.Enqueue($"fence {host.Name}");
        return Task.FromResult(new FenceHostResponse { Machines = 2 });
    }

    public override Task<Host> SetHostSite(SetHostSiteRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var host = world.Hosts.Single(h => h.HostId == request.HostId);
        (host.SiteId, host.SiteName) = (request.SiteId, world.Sites.FirstOrDefault(s => s.SiteId == request.SiteId)?.Name ?? "");
        world.Calls.Enqueue($"host-site {host.Name} {host.SiteName}");
        return Task.FromResult(host);
    }

    public override Task<Host> SetHostStorage(SetHostStorageRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var host = world.Hosts.Single(h => h.HostId == request.HostId);
        if (world.Hosts.Any(h => h.SharedStorage == request.SharedStorage && request.SharedStorage.Length > 0 && h.StoragePath != host.StoragePath)) throw FakeWorld.Refuse(StatusCode.FailedPrecondition, ReasonCode.StorageDiffers, "shared_storage");
        (host.SharedStorage, host.TakeoverMinutes) = (request.SharedStorage, request.TakeoverMinutes);
        return Task.FromResult(host);
    }

    public override Task<SetHostStateResponse> SetHostState(SetHostStateRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var host = world.Hosts.Single(h => h.HostId == request.HostId);
        host.State = request.State;
        var touched = world.Machines.All.Where(m => m.HostName == host.Name && m.Draining == (request.State == HostState.InService)).ToList();
        foreach (var machine in touched)
        {
            machine.Draining = request.State != HostState.InService;
            world.Machines.Put(machine);
        }
        return Task.FromResult(new SetHostStateResponse { Machines = (uint)touched.Count });
    }

    public override Task<ListForeignMachinesResponse> ListForeignMachines(ListForeignMachinesRequest request, ServerCallContext context) => Task.FromResult(new ListForeignMachinesResponse { Machines = { world.Foreign } });

    public override Task<ImageVersion> PublishImage(PublishImageRequest request, ServerCallContext context)
    {
        world.Demand(context);
        if (!request.Path.EndsWith(".qcow2", StringComparison.Ordinal)) throw FakeWorld.Refuse(StatusCode.FailedPrecondition, ReasonCode.ImageMissing, request.Path);
        var number = world.Images.Where(i => i.Name == request.Name).Select(i => i.Number).DefaultIfEmpty().Max() + 1;
        var image = new ImageVersion { ImageVersionId = $"img-{number}", Name = request.Name, Number = number, State = "publishing", Percent = 0, Sha256 = new string('c', 64), SizeBytes = 2_150_000_000, Path = request.Path, PublishedAt = DateTimeOffset.UtcNow.ToTimestamp() };
        world.Images.Add(image);
        return Task.FromResult(image);
    }

    public override Task<ImageVersion> RetireImage(RetireImageRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var image = world.Images.Single(i => i.ImageVersionId == request.ImageVersionId);
        image.State = "retired";
        return Task.FromResult(image);
    }

    public override Task<CreateGatewayTokenResponse> CreateGatewayToken(CreateGatewayTokenRequest request, ServerCallContext context)
    {
        world.Demand(context);
        world.Calls.Enqueue($"gateway-token {request.Name} {request.RdpAddress}");
        return Task.FromResult(new CreateGatewayTokenResponse { JoinToken = FakeWorld.JoinToken, ExpiresAt = DateTimeOffset.UtcNow.AddMinutes(15).ToTimestamp() });
    }
}

internal sealed class FakeUsers(FakeWorld world) : Users.UsersBase
{
    public override Task<Quotas> GetQuotas(GetQuotasRequest request, ServerCallContext context) => Task.FromResult(new Quotas { MostSessionsPerUser = world.MostSessionsPerUser });

    public override Task<Quotas> SetQuotas(Quotas request, ServerCallContext context)
    {
        world.Demand(context);
        world.MostSessionsPerUser = request.MostSessionsPerUser;
        return Task.FromResult(request);
    }

    public override Task<User> SetQuota(SetUserQuotaRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var user = world.Users.Single(u => u.UserName == request.UserName);
        if (request.HasMostSessions) user.MostSessions = request.MostSessions;
        else user.ClearMostSessions();
        return Task.FromResult(user);
    }

    public override Task<ListUsersResponse> List(ListUsersRequest request, ServerCallContext context)
    {
        world.Demand(context);
        return Task.FromResult(new ListUsersResponse { Users = { world.Users } });
    }

    public override Task<User> Create(CreateUserRequest request, ServerCallContext context)
    {
        world.Demand(context);
        if (request.Password.Length < 12 || request.Password == FakeWorld.CommonPassword) throw FakeWorld.Refuse(StatusCode.InvalidArgument, ReasonCode.PasswordTooWeak);
        var user = new User { UserId = "u-" + request.UserName, UserName = request.UserName, DisplayName = request.DisplayName, Enabled = true, Administrator = request.Administrator };
        world.Users.Add(user);
        world.Calls.Enqueue($"create-user {user.UserName}");
        return Task.FromResult(user);
    }

    public override Task<User> SetPassword(SetPasswordRequest request, ServerCallContext context)
    {
        world.Demand(context);
        world.Calls.Enqueue($"set-password {request.UserName}");
        return Task.FromResult(world.Users.Single(u => u.UserName == request.UserName));
    }

    public override Task<User> ResetFactors(ResetFactorsRequest request, ServerCallContext context)
    {
        world.Demand(context);
        world.Calls.Enqueue($"reset-factors {request.UserName}");
        return Task.FromResult(world.Users.Single(u => u.UserName == request.UserName));
    }

    public override Task<User> SetEnabled(SetEnabledRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var user = world.Users.Single(u => u.UserName == request.UserName);
        user.Enabled = request.Enabled;
        return Task.FromResult(user);
    }
}

internal sealed class FakeAudit(FakeWorld world) : Audit.AuditBase
{
    public override async Task Verify(VerifyAuditRequest request, IServerStreamWriter<AuditVerification> responseStream, ServerCallContext context)
    {
        world.Demand(context);
        await responseStream.WriteAsync(new() { Batches = 50, AllBatches = 120 }, context.CancellationToken);
        await responseStream.WriteAsync(world.Verification, context.CancellationToken);
    }

    public override async Task Export(ExportAuditRequest request, IServerStreamWriter<AuditExportLines> responseStream, ServerCallContext context)
    {
        world.Demand(context);
        world.Calls.Enqueue($"export {request.From} {request.To}");
        await responseStream.WriteAsync(new() { Lines = { """{"keys":{}}""" } }, context.CancellationToken);
        foreach (var some in world.Audit.Chunk(100)) await responseStream.WriteAsync(new() { Lines = { some.Select(e => $$"""{"entry":{{e.AuditId}}}""") } }, context.CancellationToken);
        if (world.ExportBreaks) throw FakeWorld.Refuse(StatusCode.Unavailable, ReasonCode.BrokerUnavailable);
    }

    public override Task<ErasePersonResponse> ErasePerson(ErasePersonRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var user = world.Users.Single(u => u.UserName == request.UserName);
        if (user.Enabled) throw FakeWorld.Refuse(StatusCode.FailedPrecondition, ReasonCode.InUse, "user_name");
        world.Calls.Enqueue($"erase {user.UserName}");
        (user.UserName, user.DisplayName) = ("erased-" + user.UserId, "");
        return Task.FromResult(new ErasePersonResponse { PersonId = user.UserId });
    }

    public override Task<ListAuditResponse> List(ListAuditRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var page = world.Audit.Where(a => (request.Before == 0 || a.AuditId < request.Before) && (request.ObjectId.Length == 0 || a.ObjectId == request.ObjectId));
        return Task.FromResult(new ListAuditResponse { Events = { page.OrderByDescending(a => a.AuditId).Take((int)request.Limit) } });
    }
}
