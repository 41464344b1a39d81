using System.DirectoryServices.Protocols;
using System.Net;
using System.Text;
using Montalegre.Vdi.Broker.Identity;

namespace Montalegre.Vdi.Broker.Directories;

/// <summary>What a server answered to a name and a password.</summary>
/// <param name="Accepted">It took them.</param>
/// <param name="Message">Its own words, which carry Active Directory's sub-code.</param>
internal sealed record BindAnswer(bool Accepted, string Message);

/// <summary>
/// One connection to a directory. The library blocks, so its calls run on threads of their own; whoever waits too long closes
/// the connection under them, which frees the thread.
/// </summary>
internal sealed class DirectoryConnection : IDisposable
{
    private const int InvalidCredentials = 49;
    private const int PageSize = 500;
    private const int MostEntries = 200_000;
    private const string ModifyPassword = "1.3.6.1.4.1.4203.1.11.1";     // RFC 3062
    private readonly DirectoryTunnel _tunnel;
    private readonly BlockingThreads _threads;
    private readonly LdapConnection _ldap;
    private readonly TimeProvider _time;
    private Task _last = Task.CompletedTask;

    public DirectoryConnection(DirectoryTunnel tunnel, BlockingThreads threads, TimeProvider time)
    {
        (_tunnel, _threads, _time) = (tunnel, threads, time);
        _ldap = new LdapConnection(new LdapDirectoryIdentifier("127.0.0.1", tunnel.Port, fullyQualifiedDnsHostName: true, connectionless: false)) { AuthType = AuthType.Basic, AutoBind = false };
        _ldap.SessionOptions.ProtocolVersion = 3;
        _ldap.SessionOptions.ReferralChasing = ReferralChasingOptions.None;
    }

    public string Server => _tunnel.Server;

    /// <summary>Whether the server takes the name and password.</summary>
    public Task<BindAnswer> BindAsync(string dn, string password, TimeSpan patience, CancellationToken ct)
    {
        // A bind without a password succeeds for everybody and proves nothing (RFC 4513 section 5.1.2).
        if (dn.Length == 0 || password.Length == 0) return Task.FromResult(new BindAnswer(false, ""));
        return RunAsync(DirectoryStep.Bind, patience, ldap =>
        {
            try
            {
                ldap.Bind(new NetworkCredential(dn, password));
                return new BindAnswer(true, "");
            }
            catch (LdapException e) when (e.ErrorCode == InvalidCredentials) { return new BindAnswer(false, e.ServerErrorMessage ?? ""); }
        }, ct);
    }

    /// <summary>All entries that match, page by page.</summary>
    public Task<List<DirectoryEntry>> SearchAsync(string baseDn, string filter, string[] attributes, TimeSpan patience, CancellationToken ct) => RunAsync(DirectoryStep.Search, patience, ldap =>
    {
        var (found, page) = (new List<DirectoryEntry>(), new PageResultRequestControl(PageSize));
        var request = new SearchRequest(baseDn, filter, SearchScope.Subtree, attributes);
        request.Controls.Add(page);
        do
        {
            var answer = (SearchResponse)ldap.SendRequest(request, patience);
            found.AddRange(answer.Entries.Cast<SearchResultEntry>().Select(entry => new DirectoryEntry(entry)));
            if (found.Count > MostEntries) throw new DirectoryFailure(DirectoryStep.Search, Server, $"more than {MostEntries} entries match {filter}");
            page.Cookie = answer.Controls.OfType<PageResultResponseControl>().FirstOrDefault()?.Cookie ?? [];
        }
        while (page.Cookie.Length > 0);
        return found;
    }, ct);

    /// <summary>Null when the directory took the new password, else why not, in its own words.</summary>
    public Task<string?> ChangePasswordAsync(string dn, string old, string @new, TimeSpan patience, CancellationToken ct) =>
        ChangeAsync(new ExtendedRequest(ModifyPassword, BerConverter.Encode("{tototo}", 0x80, Encoding.UTF8.GetBytes(dn), 0x81, Encoding.UTF8.GetBytes(old), 0x82, Encoding.UTF8.GetBytes(@new))), patience, ct);

    /// <summary>As <see cref="ChangePasswordAsync"/>, Active Directory's way (MS-ADTS 3.1.1.3.1.5): whoever knows the old one may put a new one in its place.</summary>
    public Task<string?> ChangeUnicodePasswordAsync(string dn, string old, string @new, TimeSpan patience, CancellationToken ct)
    {
        var request = new ModifyRequest(dn);
        foreach (var (operation, password) in new[] { (DirectoryAttributeOperation.Delete, old), (DirectoryAttributeOperation.Add, @new) })
        {
            var change = new DirectoryAttributeModification { Name = "unicodePwd", Operation = operation };
            change.Add(Encoding.Unicode.GetBytes($"\"{password}\""));
            request.Modifications.Add(change);
        }
        return ChangeAsync(request, patience, ct);
    }

    /// <summary>As <see cref="ChangePasswordAsync"/>, for one attribute.</summary>
    public Task<string?> RemoveAttributeAsync(string dn, string attribute, TimeSpan patience, CancellationToken ct) =>
        ChangeAsync(new ModifyRequest(dn, DirectoryAttributeOperation.Delete, attribute), patience, ct);

    public void Dispose()
    {
        _tunnel.Dispose();
        // A call may still be on its way out of the library.
        _ = _last.ContinueWith(_ => _ldap.Dispose(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private Task<string?> ChangeAsync(DirectoryRequest request, TimeSpan patience, CancellationToken ct) => RunAsync(DirectoryStep.Search, patience, ldap =>
    {
        try
        {
            ldap.SendRequest(request, patience);
            return null;
        }
        catch (DirectoryOperationException e) when (e.Response is { } no) { return no.ErrorMessage is { Length: > 0 } words ? words : no.ResultCode.ToString(); }
    }, ct);

    private async Task<T> RunAsync<T>(DirectoryStep step, TimeSpan patience, Func<LdapConnection, T> call, CancellationToken ct)
    {
        var work = _threads.TryRun(() => call(_ldap)) ?? throw new DirectoryBusy();
        _last = work;
        try
        {
            return await work.WaitAsync(patience, _time, ct);
        }
        catch (Exception e) when (e is TimeoutException or LdapException or DirectoryOperationException or OperationCanceledException)
        {
            _tunnel.Dispose();
            if (e is OperationCanceledException && ct.IsCancellationRequested) throw;
            throw new DirectoryFailure(step, Server, e is TimeoutException ? $"no answer within {patience.TotalSeconds:0.#} s" : e.Message, e);
        }
    }
}

/// <summary>All threads for directories are taken, and the queue for them is full.</summary>
internal sealed class DirectoryBusy() : Exception("All threads for directories are busy and the queue is full; try again in a few seconds.");
