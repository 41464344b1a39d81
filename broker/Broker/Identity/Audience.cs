namespace Montalegre.Vdi.Broker.Identity;

/// <summary>Whom a session token is for. A token of one audience opens nothing of the other.</summary>
internal enum Audience
{
    Employee,
    Administrator,
}
