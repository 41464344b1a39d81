using Montalegre.Vdi.AdminUi.Components;
using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Contracts.Admin.V1;
using Host = Montalegre.Vdi.Contracts.Admin.V1.Host;

namespace Montalegre.Vdi.AdminUi.Pages.Pools.Wizard;

/// <summary>What each step of a draft will do, line by line, before anything is made.</summary>
internal sealed class DraftEffects(PoolDraft draft, Language say, IReadOnlyList<ImageVersion> images, IReadOnlyList<Host> hosts, IReadOnlyList<Site> sites)
{
    public IReadOnlyList<string> Of(WizardStep step) =>
    [
        .. step switch
        {
            WizardStep.Kind => OfKind(),
            WizardStep.Image => OfImage(),
            WizardStep.Size when draft.Manual => OfComputers(),
            WizardStep.Size => OfSize(),
            WizardStep.Rules => OfRules(),
            _ => OfPeople(),
        },
    ];

    private IEnumerable<string> OfKind()
    {
        if (draft.Name.Trim() is { Length: > 0 } name) yield return say.SeenAs(name);
        yield return $"{say.Kind(draft.Kind)}: {say.KindHint(draft.Kind)}.";
        if (sites.FirstOrDefault(s => s.SiteId == draft.Site) is { } site) yield return say.SiteOfNewPool(site.Name);
    }

    private IEnumerable<string> OfImage()
    {
        if (images.FirstOrDefault(i => i.ImageVersionId == draft.Image) is { } image) yield return say.FromImage(image.Name, image.Number);
        yield return say.EachMachine(draft.Cpus, draft.MemoryMib);
        if (FieldRules.Pattern(say)(draft.Pattern) is null) yield return say.NamedAs(FieldRules.MachineOf(draft.Pattern.Trim(), 1), FieldRules.MachineOf(draft.Pattern.Trim(), 2));
        if (draft.StartsInstantly) yield return say.InstantEffect(true);
    }

    private IEnumerable<string> OfComputers()
    {
        yield return say.CreateManualEffect;
        if (!draft.SharedComputers) yield break;
        yield return say.SharedComputersEffect(draft.Sharing.Seats);
        foreach (var line in OfSharing()) yield return line;
    }

    private IEnumerable<string> OfSize()
    {
        var chosen = hosts.Where(h => draft.Shape.Hosts.Contains(h.HostId)).ToList();
        if (chosen.Count == 0)
        {
            yield return say.ChooseHost;
            yield break;
        }
        var (shape, ready, pattern) = (draft.Shape, draft.Shape.ReadyOf(draft.Seats), draft.Pattern.Trim());
        yield return say.CreateEffect(ready, FieldRules.MachineOf(pattern, 1), FieldRules.MachineOf(pattern, ready), draft.Cpus, draft.MemoryMib, string.Join(ready == 1 ? say.OrBetween : ", ", chosen.Select(h => h.Name)));
        if (ready < shape.Size) yield return say.SpareEffect(ready, shape.Size);
        if (chosen.Count > 1) yield return $"{say.PlacementWord}: {say.PlacementOf(shape.Placement)}{(shape.MostPerHost > 0 ? say.AtMostPerHost(shape.MostPerHost) : "")}.";
        if (chosen.Count > 1 && shape.MostPerHost > 0 && shape.MostPerHost * chosen.Count < shape.Size) yield return say.PlacesShort(shape.MostPerHost * chosen.Count, shape.Size);
        if (chosen.Where(h => !h.Connected).Select(h => h.Name).ToList() is { Count: > 0 } away) yield return say.HostsAway(string.Join(", ", away));
        var (wanted, free) = ((ulong)ready * (ulong)draft.MemoryMib, chosen.Aggregate(0UL, (sum, h) => sum + h.FreeMemoryMib));
        if (wanted > free) yield return say.MemoryShort(wanted, free);
        if (draft.Shared) foreach (var line in OfSharing()) yield return line;
    }

    private IEnumerable<string> OfSharing()
    {
        if (!draft.Manual) yield return $"{say.SeatsPerMachine}: {draft.Sharing.Seats}.";
        yield return $"{say.DistributionWord}: {say.DistributionOf(draft.Sharing.Distribution)}.";
        if (!draft.Manual && draft.Rules.LogOffAction != LogOffAction.Keep) yield return $"{say.RenewHoursWord}: {say.RenewRule((uint)draft.Sharing.RenewHours)}.";
    }

    private IEnumerable<string> OfRules()
    {
        var rules = draft.Rules.ToRules(draft.Kind);
        if (rules.MessageOfTheDay.Length == 0) rules.ClearMessageOfTheDay();
        foreach (var line in say.RulesEffects(rules, sessions: 0)) yield return line;
        if (rules.LogOffAction == LogOffAction.Unspecified) yield return say.KeepsAtLogOff;
        yield return draft.Policy.Blocked.Any() ? $"{say.BlockedWord}: {say.Features(draft.Policy.Blocked)}." : $"{say.DevicesWord}: {say.NothingBlocked}.";
        if (draft.Policy.EndToEnd) yield return draft.Policy.Blocked.Any() ? say.EndToEndIgnored : $"{say.RdGatewayWord}: {say.EndsAtMachine}.";
    }

    private IEnumerable<string> OfPeople() =>
        draft.People.Count == 0 ? [say.NobodySeesIt] : draft.People.Select(who => who.Group is { } group ? say.GroupWillSee(group.Name, group.Members) : say.PersonWillSee(who.Name));
}
