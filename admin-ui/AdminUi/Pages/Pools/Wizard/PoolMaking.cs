using Grpc.Core;
using Montalegre.Vdi.AdminUi.Components;
using Montalegre.Vdi.AdminUi.Live;
using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.AdminUi.Pages.Pools.Wizard;

/// <summary>
/// Makes what a draft says, in this order: the pool with all its rules, how its machines start, then each right.
/// What was done is not done again, however often it is asked.
/// </summary>
public sealed class PoolMaking
{
    /// <summary>One call to the broker.</summary>
    public sealed class Part
    {
        internal Part(Func<Language, string> words, Func<Task> callAsync) => (Words, CallAsync) = (words, callAsync);

        internal Func<Language, string> Words { get; }
        internal Func<Task> CallAsync { get; }
        public bool Done { get; internal set; }

        /// <summary>Why it was not done when it was tried last.</summary>
        public RpcException? Refusal { get; internal set; }
    }

    private Task _running = Task.CompletedTask;

    internal PoolMaking(PoolDraft draft, Broker broker)
    {
        List<Part> parts = [new(say => say.MadePool, async () => Pool = await broker.Pools.CreateAsync(draft.ToRequest()))];
        if (draft.StartsInstantly) parts.Add(new(say => say.InstantSwitch, async () => await broker.Pools.UpdateAsync(new() { PoolId = Pool!.PoolId, Instant = true })));
        parts.AddRange(draft.People.Select(who => new Part(say => say.MadeRight(who.Name), () => EntitleAsync(broker, who))));
        Parts = parts;
    }

    /// <summary>A part was done or refused.</summary>
    public event Action Changed = () => { };

    /// <summary>Null until the broker has made it.</summary>
    public Pool? Pool { get; private set; }

    public IReadOnlyList<Part> Parts { get; }
    public bool Whole => Parts.All(p => p.Done);
    public bool Running => !_running.IsCompleted;

    /// <summary>Does what is not done yet, or waits for who is doing it. Throws the refusal of the pool itself; those of the other parts are kept with them.</summary>
    public Task RunAsync() => Running ? _running : _running = MakeAsync();

    private async Task MakeAsync()
    {
        foreach (var part in Parts.Where(p => !p.Done))
        {
            part.Refusal = null;
            try
            {
                await part.CallAsync();
                part.Done = true;
            }
            catch (RpcException e) when (Pool is not null)
            {
                part.Refusal = e;
                // One person's refusal says nothing of the next one; a broker that is away does.
                if (e.Reason() is ReasonCode.BrokerUnavailable or ReasonCode.SignInExpired) return;
            }
            Changed();
        }
    }

    private async Task EntitleAsync(Broker broker, PersonPicker.Subject who)
    {
        if (who.Group is { } group) await broker.Pools.EntitleGroupAsync(new() { PoolId = Pool!.PoolId, GroupId = group.GroupId });
        else await broker.Pools.EntitleAsync(new() { PoolId = Pool!.PoolId, UserName = who.User!.UserName });
    }
}
