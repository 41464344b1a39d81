namespace Montalegre.Vdi.Broker.Directories;

/// <summary>Puts a new password in the place of one that is right but no longer good.</summary>
internal sealed class ChangeDirectoryPassword(DirectoryClient client)
{
    /// <summary>Null when it is done, else why not, in the directory's words.</summary>
    /// <param name="directory">Which.</param>
    /// <param name="connection">The reading account's.</param>
    /// <param name="person">Whose.</param>
    /// <param name="verdict">Whether the person can still bind.</param>
    /// <param name="old">The right one.</param>
    /// <param name="new">The one wished for.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<string?> RunAsync(DirectorySettings directory, DirectoryConnection connection, DirectoryPerson person, BindVerdict verdict, string old, string @new, CancellationToken ct)
    {
        if (directory.Kind is DirectoryKind.ActiveDirectory) return await connection.ChangeUnicodePasswordAsync(person.Dn, old, @new, client.Patience, ct);
        if (verdict is BindVerdict.MustChange)
        {
            using var own = await client.ConnectAsync(directory, ct);
            var answer = await own.BindAsync(person.Dn, old, client.Patience, ct);
            return answer.Accepted ? await own.ChangePasswordAsync(person.Dn, old, @new, client.Patience, ct) : answer.Message;
        }
        // Nobody can bind with it any more: the reading account changes it, where the directory allows that, and the server checks the old one.
        if (await connection.ChangePasswordAsync(person.Dn, old, @new, client.Patience, ct) is { } why) return why;
        // A password set by another account may have to be changed again at once; this one was chosen by its owner.
        await connection.RemoveAttributeAsync(person.Dn, "pwdReset", client.Patience, ct);
        return null;
    }
}
