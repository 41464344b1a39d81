using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Broker.Images;
using Montalegre.Vdi.Broker.Power;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Provisioning;

/// <summary>
/// Takes one step of one operation on the real host and journals it. Every step may be killed at any moment and taken
/// again: what it leaves behind is either what it should or is replaced by the next attempt.
/// </summary>
internal sealed class TakeStep(
    OperationStore operations, HypervisorDirectory hosts, ImageStore images, CopyStore copyStates, CopyImages copies, PlaceElsewhere place, MoveMachine move, WakeComputer wake, RecoveryStore recovery, RunningStateStore states, JoinTokens tokens, CertificateAuthority authority,
    IOptions<ProvisioningOptions> options, ILogger<TakeStep> log)
{
    public async Task RunAsync(DueOperation operation, long epoch, CancellationToken ct)
    {
        var machine = new MachineId(operation.MachineId);
        var (kind, step) = (operation.KindOf, operation.StepOf);
        try
        {
            log.StepTaken(machine, kind, step);
            if (step == OperationStep.AwaitAgent)
                throw new StepFailedException(RefusalReason.AgentSilent, operation.Error ?? $"The agent did not report within {OperationPlan.Deadline(step).TotalMinutes:0} minutes of power-on.");
            if (step == OperationStep.Place)
            {
                await place.RunAsync(operation, ct);
                return;
            }
            if (step == OperationStep.MoveLive)
            {
                await move.RunAsync(operation, epoch, ct);
                return;
            }
            if (step == OperationStep.MagicPacket)
            {
                await wake.RunAsync(machine, new(operation.OperationId), ct);
                return;
            }
            await ActAsync(operation, machine, step, epoch, ct);
            if (OperationPlan.Next(kind, step, operation.RunningStateId is not null) is { } next) await operations.AdvanceAsync(operation, next);
            else if (kind == OperationKind.Delete) await operations.RemoveMachineAsync(operation);
            else if (kind == OperationKind.Move) await move.SettleAsync(operation);
            else if (kind == OperationKind.Sleep) await operations.FellAsleepAsync(operation, saved: step == OperationStep.Save);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            var (reason, error) = e switch
            {
                StepFailedException failed => (failed.Reason, failed.Message),
                LiveMoveException => (RefusalReason.WaitsForLogOff, e.Message),
                FileNotFoundException when step == OperationStep.Define => (RefusalReason.ProvisioningFailed, e.Message),   // its own overlay is gone, not its image: waiting brings nothing back
                _ => (HypervisorFailure.Reason(e), e.Message),
            };
            var attempts = operation.Attempts + 1;
            if (e is FileNotFoundException && step == OperationStep.Overlay && operation is { HostId: { } host, ImageVersionId: { } image }) await copies.ReportBadAsync(new(host), new(image), CopyState.Missing);
            // A host that is away and an image that is on its way are no fault of the machine: it goes on as soon as they are there.
            var waits = reason is RefusalReason.HostUnavailable or RefusalReason.ImageMissing or RefusalReason.ImageDamaged;
            // A port that another program has is left to it: the machine is defined anew with the next one.
            var portTaken = HypervisorFailure.IsPortTaken(e);
            var next = waits && step != OperationStep.AwaitAgent ? step : portTaken && step == OperationStep.Start ? OperationStep.Define : OperationPlan.AfterFailure(step);
            if (next != step) error = step switch
            {
                OperationStep.Save => $"Its memory could not be saved, so it is shut down: {error}",
                OperationStep.Restore when OperationPlan.IsMade(kind) => $"It could not be started from the running state of its image, so it boots: {error}",
                OperationStep.Restore => $"Its saved memory could not be restored, so it boots: {error}",
                _ => error,
            };
            // What one machine could not be started from is not tried with the next ones.
            if (step is OperationStep.Restore or OperationStep.AwaitAgent && OperationPlan.IsMade(kind) && !waits && !portTaken && operation.RunningStateId is { } state) await states.SetBadAsync(state, error);
            // A delete never gives up: a record must not outlive its machine, nor a machine its record. Nor does falling asleep:
            // nothing is wrong with the machine.
            var givesUp = kind is not (OperationKind.Delete or OperationKind.Sleep or OperationKind.Move) && step is not (OperationStep.Place or OperationStep.MagicPacket) && !waits && OperationPlan.GivesUp(attempts);
            await operations.FailAsync(operation, error, reason, givesUp, next, portTaken ? options.Value.FirstForwardedPort : null);
            log.StepFailed(machine, kind, step, attempts, error);
            if (givesUp) log.MachineFaulted(machine, attempts, error);
        }
    }

    private async Task ActAsync(DueOperation operation, MachineId machine, OperationStep step, long epoch, CancellationToken ct)
    {
        if (operation.HostId is not { } hostId) return;   // a computer that no host of ours runs
        var host = hosts.For(new HostId(hostId));
        if (operation.Manual)
        {
            // Nothing of an adopted machine is ours to change, but the mark that we put on it.
            if (step == OperationStep.Remove) await host.LetGoAsync(machine, epoch, ct);
            return;
        }
        if (step is OperationStep.Overlay or OperationStep.Start or OperationStep.Restore) await CopyIsGoodAsync(operation, hostId, ct);
        switch (step)
        {
            case OperationStep.Stop:
                await EvictElsewhereAsync(machine, epoch, ct);
                if (await host.FindAsync(machine, ct) is not null) await host.StopAsync(machine, StopMode.Force, epoch, ct);
                break;
            case OperationStep.ShutDown:
                if (await host.FindAsync(machine, ct) is not null) await host.StopAsync(machine, StopMode.Graceful, epoch, ct);
                break;
            case OperationStep.Save:
                await host.SuspendAsync(machine, epoch, ct);
                break;
            case OperationStep.Restore:
                if (!OperationPlan.IsMade(operation.KindOf)) await host.ResumeAsync(machine, epoch, ct);
                else await host.StartFromRunningStateAsync(machine, operation.Generation, new(operation.RunningStateId ?? throw new SavedMemoryException("the host has none.")), epoch, ct);
                break;
            case OperationStep.Overlay:
                await host.CreateOverlayAsync(machine, operation.Generation, await ReadyImageAsync(operation, ct), ct);
                break;
            case OperationStep.Define:
                await host.DefineAsync(await DefinitionAsync(operation, machine, epoch, ct), ct);
                await host.DeleteOtherOverlaysAsync(machine, operation.Generation, ct);
                break;
            case OperationStep.Start:
                await host.StartAsync(machine, epoch, ct);
                break;
            case OperationStep.Remove:
                await host.DeleteAsync(machine, epoch, ct);
                break;
        }
    }

    // INVARIANT: a machine is not begun on its host while another one that can be asked still has it. One that cannot was fenced.
    private async Task EvictElsewhereAsync(MachineId machine, long epoch, CancellationToken ct)
    {
        foreach (var (stray, fenced) in await recovery.ElsewhereAsync(machine, ct))
            try { await hosts.For(stray).EvictAsync(machine, epoch, ct); }
            catch (HypervisorUnavailableException) when (fenced) { }   // its locks are gone; the sweep removes the rest when it is back
    }

    // INVARIANT: nothing is made from, or started on, a base that is known to be bad or that is just being brought anew.
    private async Task CopyIsGoodAsync(DueOperation operation, Guid host, CancellationToken ct)
    {
        if (operation.ImageVersionId is not { } image) return;
        switch (await copyStates.StateAsync(new(host), new(image), ct))
        {
            case CopyState.Damaged: throw new StepFailedException(RefusalReason.ImageDamaged, "The image on the host is damaged; it is being brought anew.");
            case CopyState.Missing: throw new StepFailedException(RefusalReason.ImageMissing, "The image is missing from the host; it is being brought anew.");
        }
    }

    private async Task<ImageVersionId> ReadyImageAsync(DueOperation operation, CancellationToken ct) =>
        operation.ImageVersionId is { } id && await images.IsReadyAsync(new(id), ct)
            ? new(id)
            : throw new StepFailedException(RefusalReason.ImageMissing, "The pool's image version is not there or not ready; publish it again.");

    private async Task<MachineDefinition> DefinitionAsync(DueOperation operation, MachineId machine, long epoch, CancellationToken ct)
    {
        var token = await tokens.MakeAsync(machine, options.Value.JoinTokenLifetime);
        var document = options.Value.JoinDocument(machine, authority.Sha256, token.Token);
        return new MachineDefinition(machine, operation.Name, operation.Cpus, operation.MemoryMib, operation.Generation,
            MachineNetwork.Parse(operation.Network, operation.Port), [document.Format()], epoch);
    }
}

/// <summary>A step that failed for a reason a person can be told.</summary>
internal sealed class StepFailedException(RefusalReason reason, string message) : Exception(message)
{
    public RefusalReason Reason { get; } = reason;
}
