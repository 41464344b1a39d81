namespace Montalegre.Vdi.Broker.Directories;

/// <summary>What a directory's entries look like.</summary>
internal enum DirectoryKind
{
    ActiveDirectory,

    /// <summary>inetOrgPerson people in groupOfNames groups.</summary>
    InetOrgPerson,

    /// <summary>posixAccount people in posixGroup groups (RFC 2307).</summary>
    Rfc2307,
}

/// <summary>Names of attributes and the filters that choose people and groups.</summary>
internal sealed record DirectorySchema(string UserFilter, string Name, string DisplayName, string Id, string GroupFilter, string GroupName, string Member)
{
    public static DirectorySchema Unset { get; } = new("", "", "", "", "", "", "");

    /// <summary>What is usual for a kind.</summary>
    public static DirectorySchema Of(DirectoryKind kind) => kind switch
    {
        // sAMAccountType 805306368: people's accounts, without computers (MS-SAMR 2.2.1.9).
        DirectoryKind.ActiveDirectory => new("(&(objectClass=user)(sAMAccountType=805306368))", "sAMAccountName", "displayName", "objectGUID", "(objectClass=group)", "sAMAccountName", "member"),
        DirectoryKind.Rfc2307 => new("(objectClass=posixAccount)", "uid", "cn", "entryUUID", "(objectClass=posixGroup)", "cn", "memberUid"),
        _ => new("(objectClass=inetOrgPerson)", "uid", "cn", "entryUUID", "(objectClass=groupOfNames)", "cn", "member"),
    };

    /// <summary>These, with the usual ones where they are empty.</summary>
    public DirectorySchema Or(DirectorySchema usual) => new(
        First(UserFilter, usual.UserFilter), First(Name, usual.Name), First(DisplayName, usual.DisplayName), First(Id, usual.Id),
        First(GroupFilter, usual.GroupFilter), First(GroupName, usual.GroupName), First(Member, usual.Member));

    private static string First(string own, string usual) => own.Length > 0 ? own : usual;
}
