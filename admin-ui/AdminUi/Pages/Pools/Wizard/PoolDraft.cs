using Google.Protobuf;
using Montalegre.Vdi.AdminUi.Components;
using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Pages.Pools.Wizard;

/// <summary>What was said so far of a pool that is not made yet.</summary>
public sealed class PoolDraft
{
    private static readonly WizardStep[] Steps = Enum.GetValues<WizardStep>();

    public string Name { get; set; } = "";
    public string Description { get; set; } = "";
    public PoolKind Kind { get; set; } = PoolKind.Floating;

    /// <summary>Id of the site; empty: of none.</summary>
    public string Site { get; set; } = "";

    /// <summary>Id of the image version; empty: none is chosen.</summary>
    public string Image { get; set; } = "";

    public int Cpus { get; set; } = 2;
    public int MemoryMib { get; set; } = 2048;
    public string Pattern { get; set; } = "vdi-{n:000}";

    /// <summary>Machines of a floating pool start from a saved running state.</summary>
    public bool Instant { get; set; }

    /// <summary>Several people share each computer of a manual pool.</summary>
    public bool SharedComputers { get; set; }

    public PoolShape Shape { get; private init; } = new();
    public PoolSharing Sharing { get; private init; } = new();
    public PoolRules Rules { get; private init; } = new();
    public DevicePolicy Policy { get; private init; } = new();

    /// <summary>Who may use the pool, in the order in which they were chosen.</summary>
    public List<PersonPicker.Subject> People { get; } = [];

    /// <summary>The last step that was come to.</summary>
    public WizardStep Furthest { get; private set; } = WizardStep.Kind;

    /// <summary>Set from the moment on in which the broker is asked.</summary>
    public PoolMaking? Making { get; set; }

    public bool Manual => Kind == PoolKind.Manual;

    /// <summary>People share machines: always those of a multi-session pool, and computers that are there already if IT wants it so.</summary>
    public bool Shared => Kind == PoolKind.MultiSession || (Manual && SharedComputers);

    /// <summary>People on one machine, where the spare counts them; null: the spare counts machines.</summary>
    public int? Seats => Kind == PoolKind.MultiSession ? Sharing.Seats : null;

    public bool StartsInstantly => Kind == PoolKind.Floating && Instant;

    public bool Begun => Name.Length > 0 || Furthest > WizardStep.Kind;

    /// <summary>Computers that are there already have no image.</summary>
    public bool Needs(WizardStep step) => !(Manual && step == WizardStep.Image);

    public WizardStep After(WizardStep step) => Steps.First(s => s > step && Needs(s));

    public WizardStep Before(WizardStep step) => Steps.Last(s => s < step && Needs(s));

    public void Reached(WizardStep step) => Furthest = (WizardStep)Math.Max((int)Furthest, (int)step);

    /// <summary>The step to show to whoever asks for one: none before which something is wrong, and none that was not come to.</summary>
    internal WizardStep Nearest(WizardStep wanted, Language say)
    {
        var shown = Steps.Where(s => s <= wanted && s <= Furthest && Needs(s)).Max();
        return Steps.Where(s => s < shown && !IsWell(s, say)).DefaultIfEmpty(shown).Min();
    }

    /// <summary>Whether the step says all that it must; its fields say what is missing.</summary>
    internal bool IsWell(WizardStep step, Language say) => !Needs(step) || step switch
    {
        WizardStep.Kind => FieldRules.Name(say)(Name) is null,
        WizardStep.Image => Image.Length > 0 && FieldRules.Pattern(say)(Pattern) is null,
        WizardStep.Size => Manual || Shape.Hosts.Count > 0,
        _ => true,
    };

    /// <summary>The step whose field the broker refused, by its name in the contract; null: none of them.</summary>
    public static WizardStep? StepOf(string field) => field.Split('.')[0] switch
    {
        "name" or "description" or "kind" or "site_id" => WizardStep.Kind,
        "image_version_id" or "cpus" or "memory_mib" or "machine_name_pattern" => WizardStep.Image,
        "size" or "spare" or "host_ids" or "placement" or "most_per_host" or "sharing" => WizardStep.Size,
        "idle_minutes" or "disconnected_minutes" or "empty_minutes" or "log_off_action" or "message_of_the_day" or "most_sessions" or "blocked_features" => WizardStep.Rules,
        _ => null,
    };

    public CreatePoolRequest ToRequest()
    {
        var request = new CreatePoolRequest
        {
            Name = Name.Trim(), Description = Description.Trim(), Kind = Kind, BlockedFeatures = { Policy.Blocked }, RdGatewayEndToEnd = Policy.EndToEnd,
            SiteId = Site, SessionRules = Rules.ToRules(Kind), Sharing = Shared ? Sharing.ToSharing() : null,
        };
        if (Manual) return request;
        (request.Size, request.ImageVersionId, request.Cpus, request.MemoryMib, request.MachineNamePattern) = ((uint)Shape.Size, Image, (uint)Cpus, (uint)MemoryMib, Pattern.Trim());
        (request.Spare, request.Placement, request.MostPerHost) = (Shape.ToSpare(), Shape.Placement, (uint)Shape.MostPerHost);
        request.HostIds.AddRange(Shape.Hosts.Order(StringComparer.Ordinal));
        return request;
    }

    internal KeptDraft ToKept() => new(
        JsonFormatter.Default.Format(ToRequest()), Instant, SharedComputers, (int)Furthest, [.. People.Select(who => who.User?.UserName).OfType<string>()], [.. People.Select(who => who.Group?.GroupId).OfType<string>()]);

    /// <summary>What was kept, with those of its people who are still there.</summary>
    internal static PoolDraft Of(KeptDraft kept, IReadOnlyList<PersonPicker.Subject> people)
    {
        var said = JsonParser.Default.Parse<CreatePoolRequest>(kept.Pool);
        var shape = said.Kind == PoolKind.Manual ? new() : PoolShape.Of(new() { Size = said.Size, Spare = said.Spare, Placement = said.Placement, MostPerHost = said.MostPerHost });
        shape.Hosts.UnionWith(said.HostIds);
        var draft = new PoolDraft
        {
            Name = said.Name, Description = said.Description, Kind = said.Kind, Site = said.SiteId, Instant = kept.Instant, SharedComputers = kept.SharedComputers, Furthest = (WizardStep)Math.Clamp(kept.Furthest, (int)WizardStep.Kind, (int)WizardStep.People),
            Shape = shape, Sharing = said.Sharing is { } sharing ? PoolSharing.Of(sharing) : new(), Rules = PoolRules.Of(said.SessionRules), Policy = DevicePolicy.Of(said.BlockedFeatures, said.RdGatewayEndToEnd),
        };
        if (!draft.Manual) (draft.Image, draft.Cpus, draft.MemoryMib, draft.Pattern) = (said.ImageVersionId, (int)said.Cpus, (int)said.MemoryMib, said.MachineNamePattern);
        draft.People.AddRange(people.Where(who => who.User is { } user ? kept.Users.Contains(user.UserName) : kept.Groups.Contains(who.Group!.GroupId)));
        return draft;
    }
}
