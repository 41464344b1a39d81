using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>One row of app_user as others may see it: never with the password hash.</summary>
/// <param name="MostSessions">How many sessions he may have open at once; null: as everybody.</param>
internal sealed record Person(UserId Id, string UserName, string DisplayName, bool Enabled, bool Administrator, int? MostSessions = null);
