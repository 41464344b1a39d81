using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>Users as the public API shows them.</summary>
internal static class UserMessages
{
    public static User ToMessage(this Person person)
    {
        var user = new User
        {
            UserId = person.Id.ToString(), UserName = person.UserName, DisplayName = person.DisplayName, Enabled = person.Enabled, Administrator = person.Administrator,
            Emergency = person.UserName == BreakGlassStore.Account,
        };
        if (person.MostSessions is { } most) user.MostSessions = (uint)most;
        return user;
    }

    public static User ToMessage(this UserOutcome outcome) => outcome switch
    {
        UserOutcome.Done done => done.User.ToMessage(),
        UserOutcome.Refused refused => throw Refusal.Refused(refused.Reason, refused.Detail),
        _ => throw new InvalidOperationException($"unknown outcome {outcome}"),
    };
}
