using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>One row of app_user as others may see it: never with the password hash.</summary>
internal sealed record Person(UserId Id, string UserName, string DisplayName, bool Enabled, bool Administrator);
