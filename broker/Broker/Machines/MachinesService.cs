using System.Text.RegularExpressions;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Live;
using Montalegre.Vdi.Broker.Power;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using Contract = Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Machines;

/// <summary>The gRPC and REST face of machines.</summary>
internal sealed partial class MachinesService(
    MachineStore store, AssignmentStore assignments, AddManualMachine addManual, RestartManualMachine restartManual, WakeStore wakes, IOptions<WakeOptions> wake, AuditStore audit, ChangePump pump, TimeProvider time)
    : Contract.Machines.MachinesBase
{
    private const int MostCards = 8;

    public override async Task<ListMachinesResponse> List(ListMachinesRequest request, ServerCallContext context)
    {
        var rows = request.PoolId is "" ? await store.AllAsync(context.Scope(), context.CancellationToken)
            : await store.OfPoolAsync(new(Ids.Parse(request.PoolId, "pool_id")), context.CancellationToken);
        return new() { Machines = { rows.Select(MachineContract.From) } };
    }

    public override async Task<MachineDetails> Get(GetMachineRequest request, ServerCallContext context)
    {
        var id = Ids.Parse(request.MachineId, "machine_id");
        var details = new MachineDetails { Machine = await OneAsync(id, context.Scope(), context.CancellationToken) };
        details.Operations.AddRange((await store.JournalAsync(new(id), context.CancellationToken)).Select(MachineContract.From));
        details.History.AddRange((await audit.ListAsync(0, 100, new(id), context.Scope(), context.CancellationToken)).Select(r => r.ToMessage()));
        details.WakeAddresses.AddRange((await wakes.AddressesAsync(new(id), context.CancellationToken)).Select(MachineContract.From));
        return details;
    }

    public override Task<AddManualMachineResponse> AddManual(AddManualMachineRequest request, ServerCallContext context) =>
        AddAsync(request.PoolId, request.Name, request.Address, request.Port, machine: null, host: null, context);

    public override Task<AddManualMachineResponse> Adopt(AdoptMachineRequest request, ServerCallContext context) =>
        AddAsync(request.PoolId, "", request.Address, request.Port, Ids.Parse(request.DomainUuid, "domain_uuid"), Ids.Parse(request.HostId, "host_id"), context);

    private async Task<AddManualMachineResponse> AddAsync(string pool, string name, string address, uint port, Guid? machine, Guid? host, ServerCallContext context)
    {
        if (machine is null && !HostName().IsMatch(name)) throw Refusal.Refused(RefusalReason.InvalidField, "name: letters, digits and hyphens, at most 63");
        if (address is not "" && Uri.CheckHostName(address) is UriHostNameType.Unknown) throw Refusal.Refused(RefusalReason.InvalidField, "address: a host name or an IP address");
        if (port > 65535) throw Refusal.Refused(RefusalReason.InvalidField, "port: 1 to 65535");
        var outcome = await addManual.RunAsync(
            new(new(Ids.Parse(pool, "pool_id")), name, address is "" ? null : address, port == 0 ? null : (int)port, machine, host is { } h ? new HostId(h) : null),
            context.Caller(), context.CancellationToken);
        return outcome switch
        {
            AddManualOutcome.Added added => new()
            {
                Machine = await OneAsync(added.Machine.Value, context.CancellationToken),
                JoinDocument = added.JoinDocument, JoinExpiresAt = Timestamp.FromDateTimeOffset(added.ExpiresAt),
            },
            AddManualOutcome.Refused refused => throw Refusal.Refused(refused.Reason, refused.Detail),
            _ => throw new InvalidOperationException($"Adding a machine answered {outcome}."),
        };
    }

    public override async Task<MachineActionResponse> Restart(MachineActionRequest request, ServerCallContext context)
    {
        var id = Ids.Parse(request.MachineId, "machine_id");
        var machine = await OneAsync(id, context.CancellationToken);
        if (machine.Manual)
        {
            if (await restartManual.RunAsync(new(id), machine.Name, context.Caller(), context.CancellationToken) is { } refused)
                throw Refusal.Refused(refused, machine.Name);
            return new() { Machine = machine };
        }
        return await StartOverAsync(id, OperationKind.Restart, context);
    }

    public override async Task<MachineActionResponse> Refresh(MachineActionRequest request, ServerCallContext context)
    {
        var id = Ids.Parse(request.MachineId, "machine_id");
        var machine = await OneAsync(id, context.CancellationToken);
        if (machine.Manual) throw Refusal.Refused(RefusalReason.NotSupported, $"{machine.Name} is not made from an image");
        return await StartOverAsync(id, OperationKind.Refresh, context);
    }

    private async Task<MachineActionResponse> StartOverAsync(Guid id, OperationKind kind, ServerCallContext context)
    {
        var caller = context.Caller();
        if (!await store.StartOverAsync(new(id), kind, new(Guid.CreateVersion7(time.GetUtcNow())), caller.UserName, caller.SourceAddress))
            throw Refusal.Refused(RefusalReason.NotFound, "machine");
        return new() { Machine = await OneAsync(id, context.CancellationToken) };
    }

    public override async Task<MachineActionResponse> SetDrain(SetDrainRequest request, ServerCallContext context)
    {
        var id = Ids.Parse(request.MachineId, "machine_id");
        var caller = context.Caller();
        if (!await store.SetDrainAsync(new(id), request.Drain, caller.UserName, caller.SourceAddress)) throw Refusal.Refused(RefusalReason.NotFound, "machine");
        return new() { Machine = await OneAsync(id, context.CancellationToken) };
    }

    public override async Task<MachineActionResponse> Wake(MachineActionRequest request, ServerCallContext context)
    {
        var id = Ids.Parse(request.MachineId, "machine_id");
        var machine = await OneAsync(id, context.CancellationToken);
        if (await wakes.WakeAsync(new(id), wake.Value.GiveUpAfter, context.Caller()) is { } reason) throw Refusal.Refused(reason, machine.Wakeable ? $"{machine.Name} is not asleep" : $"{machine.Name} has no wake address");
        return new() { Machine = await OneAsync(id, context.CancellationToken) };
    }

    public override async Task<MachineActionResponse> SetWakeAddresses(SetWakeAddressesRequest request, ServerCallContext context)
    {
        var id = Ids.Parse(request.MachineId, "machine_id");
        if (request.Addresses.Count > MostCards) throw Refusal.Refused(RefusalReason.InvalidField, $"addresses: at most {MostCards}");
        var cards = request.Addresses.Select(MachineContract.Read).DistinctBy(c => c.Mac).ToList();
        if (await wakes.SetAsync(new(id), cards, context.Caller()) is { } reason) throw Refusal.Refused(reason, "machine: a computer of a manual pool");
        return new() { Machine = await OneAsync(id, context.CancellationToken) };
    }

    public override async Task<MachineActionResponse> Assign(AssignMachineRequest request, ServerCallContext context)
    {
        var id = Ids.Parse(request.MachineId, "machine_id");
        var (caller, user) = (context.Caller(), UserNames.Normalise(request.UserName));
        if (await assignments.AssignAsync(new(id), user, caller.UserName, caller.SourceAddress) is { } reason) throw Refusal.Refused(reason, user);
        return new() { Machine = await OneAsync(id, context.CancellationToken) };
    }

    public override async Task<MachineActionResponse> Unassign(MachineActionRequest request, ServerCallContext context)
    {
        var id = Ids.Parse(request.MachineId, "machine_id");
        var caller = context.Caller();
        if (await assignments.UnassignAsync(new(id), new(Guid.CreateVersion7(time.GetUtcNow())), caller.UserName, caller.SourceAddress) is { } reason) throw Refusal.Refused(reason, "assignment");
        return new() { Machine = await OneAsync(id, context.CancellationToken) };
    }

    public override async Task<MachineActionResponse> Remove(MachineActionRequest request, ServerCallContext context)
    {
        var id = Ids.Parse(request.MachineId, "machine_id");
        var caller = context.Caller();
        var machine = await OneAsync(id, context.CancellationToken);
        if (await store.RemoveAsync(new(id), new(Guid.CreateVersion7(time.GetUtcNow())), caller.UserName, caller.SourceAddress) is { } reason)
            throw Refusal.Refused(reason, machine.Name);
        return new() { Machine = machine };
    }

    public override async Task Watch(WatchMachinesRequest request, IServerStreamWriter<MachinesUpdate> responseStream, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        await foreach (var update in LiveView.WatchAsync(pump, ["machine"], c => store.AllAsync(context.Scope(), c), (ids, c) => store.SomeAsync(ids, context.Scope(), c), r => r.MachineId, time, ct))
            await responseStream.WriteAsync(update switch
            {
                LiveUpdate<MachineRow>.Snapshot s => new() { Snapshot = new() { Machines = { s.Rows.Select(MachineContract.From) } } },
                LiveUpdate<MachineRow>.Changes c => new() { Changes = new() { Changed = { c.Changed.Select(MachineContract.From) }, Removed = { c.Gone.Select(g => g.ToString()) } } },
                _ => throw new InvalidOperationException($"A live view said {update}."),
            }, ct);
    }

    private Task<Machine> OneAsync(Guid id, CancellationToken ct) => OneAsync(id, PoolScope.Everything, ct);

    private async Task<Machine> OneAsync(Guid id, PoolScope scope, CancellationToken ct) =>
        (await store.SomeAsync([id], scope, ct)) is [var row] ? MachineContract.From(row) : throw Refusal.Refused(RefusalReason.NotFound, "machine");

    [GeneratedRegex("^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$")]
    private static partial Regex HostName();
}
