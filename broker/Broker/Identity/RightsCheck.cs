using Google.Protobuf;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>
/// Decides whether a caller may make a call. Whoever holds the permission on everything is let through without a question to the
/// database; for others each object that the request names must be of their pools or sites, of
/// the people of their groups or used from their endpoints, and one that is not answers as one that does not exist.
/// </summary>
internal sealed class RightsCheck(ScopeStore scopes)
{
    public async Task RunAsync(Caller caller, string method, IMessage? request, CancellationToken ct)
    {
        if (MethodNeed.Of(method) is not { } need) throw Refusal.Refused(RefusalReason.NotAllowed, $"{method}: its contract declares no permission");
        if (need.Permission is Contracts.Admin.V1.Permission.SignedIn) return;
        var scope = caller.Rights.Of(need.Permission);
        if (scope.IsEverything) return;
        if (scope.IsNothing) await RefuseAsync(need, "", ct);

        var (named, ofPools) = (false, true);
        foreach (var (field, text) in need.ObjectsIn(request))
        {
            named = true;
            switch (await scopes.WhereAsync(field, Ids.Parse(text, field), scope, alone: !need.Looks, ct))
            {
                case Held.Nowhere: throw Refusal.Refused(RefusalReason.NotFound, field);
                case Held.OverPeople: ofPools = false; break;
            }
        }
        // Whoever got this far by his people or endpoints, and names a person too, does nothing to anybody else. A list cuts itself, also by a name.
        if (scope.IsByUse && !need.Filtered && need.PersonIn(request) is { Length: > 0 } person && (named ? !ofPools : need.People))
        {
            if (!await scopes.IsOfPeopleAsync(UserNames.Normalise(person), scope.Groups, ct)) throw Refusal.Refused(RefusalReason.NotFound, need.Person!.Name);
            named = true;
        }
        // No object named: a list cuts itself; anything else is about the whole installation.
        if (!named && !need.Filtered) await RefuseAsync(need, " (*)", ct);
    }

    private async Task RefuseAsync(MethodNeed need, string where, CancellationToken ct) =>
        throw Refusal.Refused(RefusalReason.PermissionMissing, $"{need.Permission.Name()}{where}: {string.Join(", ", await scopes.AdministratorsAsync(ct))}");
}
