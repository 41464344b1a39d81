using System.Security.Cryptography;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using Contract = Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Directories;

/// <summary>The gRPC and REST face of directories.</summary>
internal sealed class DirectoriesService(DirectoryStore store, TestDirectory test, SyncDirectory sync, TimeProvider time) : Contract.Directories.DirectoriesBase
{
    private const int MostServers = 16;
    private const int LongestText = 1000;
    private const int LongestAuthorities = 256 * 1024;

    public override async Task<ListDirectoriesResponse> List(ListDirectoriesRequest request, ServerCallContext context) =>
        new() { Directories = { await AllAsync(context.CancellationToken) } };

    public override async Task<LdapDirectory> Save(SaveDirectoryRequest request, ServerCallContext context)
    {
        var settings = await SettingsAsync(request.Directory, request.BindPassword, context.CancellationToken);
        if (!await store.SaveAsync(settings, context.Caller())) throw Refusal.Refused(RefusalReason.NameTaken, settings.Name);
        return (await AllAsync(context.CancellationToken)).First(d => d.DirectoryId == settings.Id.ToString());
    }

    public override async Task<TestDirectoryResponse> Test(TestDirectoryRequest request, ServerCallContext context) =>
        await test.RunAsync(await SettingsAsync(request.Directory, request.BindPassword, context.CancellationToken), UserNames.Normalise(request.UserName), context.CancellationToken);

    public override async Task<SyncDirectoryResponse> Sync(SyncDirectoryRequest request, ServerCallContext context)
    {
        var directory = await OneAsync(request.DirectoryId, context.CancellationToken);
        if (await sync.RunAsync(directory, context.CancellationToken) is not { } done) throw Refusal.Refused(RefusalReason.DirectoryUnreachable, directory.Name);
        return new() { Disabled = (uint)done.Disabled, Enabled = (uint)done.Enabled, Renamed = (uint)done.Renamed, MembersAdded = (uint)done.MembersAdded, MembersRemoved = (uint)done.MembersRemoved };
    }

    public override async Task<RemoveDirectoryResponse> Remove(RemoveDirectoryRequest request, ServerCallContext context)
    {
        var directory = await OneAsync(request.DirectoryId, context.CancellationToken);
        if (!await store.RemoveAsync(directory.Id, context.Caller())) throw Refusal.Refused(RefusalReason.LastAdministrator, directory.Name);
        return new();
    }

    private async Task<DirectorySettings> OneAsync(string id, CancellationToken ct) =>
        await store.FindAsync(Ids.Parse(id, "directory_id"), ct) ?? throw Refusal.Refused(RefusalReason.NotFound, "directory_id");

    private async Task<DirectorySettings> SettingsAsync(LdapDirectory? said, string bindPassword, CancellationToken ct)
    {
        if (said is null) throw Refusal.Refused(RefusalReason.InvalidField, "directory");
        var before = said.DirectoryId.Length == 0 ? null : await OneAsync(said.DirectoryId, ct);
        var settings = new DirectorySettings
        {
            Id = before?.Id ?? Guid.CreateVersion7(time.GetUtcNow()), Name = Text(said.Name, "name"), Enabled = !said.Disabled, StartTls = said.StartTls, Authorities = said.Authorities.Trim(),
            Kind = said.Kind switch
            {
                Contract.DirectoryKind.ActiveDirectory => DirectoryKind.ActiveDirectory,
                Contract.DirectoryKind.InetOrgPerson => DirectoryKind.InetOrgPerson,
                Contract.DirectoryKind.Rfc2307 => DirectoryKind.Rfc2307,
                _ => throw Refusal.Refused(RefusalReason.InvalidField, "kind: ACTIVE_DIRECTORY, INET_ORG_PERSON or RFC2307"),
            },
            Servers = [.. said.Servers.Select(server => Server(server.Trim()))], BaseDn = Text(said.BaseDn, "base_dn"), BindDn = Text(said.BindDn, "bind_dn"), BindPassword = bindPassword,
            Domains = [.. said.Domains.Select(domain => Text(domain, "domains").ToLowerInvariant()).Distinct()],
            OwnSchema = new(Filter(said.UserFilter, "user_filter"), said.NameAttribute.Trim(), said.DisplayNameAttribute.Trim(), said.IdAttribute.Trim(), Filter(said.GroupFilter, "group_filter"), said.GroupNameAttribute.Trim(), said.MemberAttribute.Trim()),
            MostBadTries = Number(said.MostBadTries, 3, 100, "most_bad_tries"), BadTriesMinutes = Number(said.BadTriesMinutes, 30, 1440, "bad_tries_minutes"), SyncMinutes = Number(said.SyncMinutes, 15, 1440, "sync_minutes"),
        };
        if (settings.Servers.Count is 0 or > MostServers) throw Refusal.Refused(RefusalReason.InvalidField, $"servers: 1 to {MostServers}");
        CheckAuthorities(settings);
        return bindPassword.Length > 0 ? settings : settings with { BindPassword = Kept(before, settings) };
    }

    // The saved password goes to the server it was entered for and nowhere else, whoever changes the address.
    private static string Kept(DirectorySettings? before, DirectorySettings now) =>
        before is not null && before.Servers.SequenceEqual(now.Servers) && before.StartTls == now.StartTls && before.Authorities == now.Authorities && before.BindDn == now.BindDn
            ? before.BindPassword
            : throw Refusal.Refused(RefusalReason.InvalidField, "bind_password: enter it again when servers, TLS, authorities or the account change");

    private static void CheckAuthorities(DirectorySettings settings)
    {
        try
        {
            if (settings.Authorities.Length > LongestAuthorities || settings.Trust() is { CustomTrustStore.Count: 0 }) throw Refusal.Refused(RefusalReason.InvalidField, "authorities: certificates in PEM");
        }
        catch (CryptographicException e) { throw Refusal.Refused(RefusalReason.InvalidField, $"authorities: {e.Message}"); }
    }

    private static string Server(string server) =>
        server.Length is > 0 and <= 260 && server.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or ':' or '[' or ']') ? server : throw Refusal.Refused(RefusalReason.InvalidField, "servers: host or host:port");

    private static string Text(string typed, string field) =>
        typed.Trim() is { Length: > 0 and <= LongestText } text && !text.Any(char.IsControl) ? text : throw Refusal.Refused(RefusalReason.InvalidField, $"{field}: 1 to {LongestText} characters");

    private static string Filter(string typed, string field) =>
        typed.Trim() is { Length: <= LongestText } text && (text.Length == 0 || text is ['(', .., ')']) ? text : throw Refusal.Refused(RefusalReason.InvalidField, $"{field}: an LDAP filter in parentheses");

    private static int Number(uint said, int usual, int most, string field) =>
        said == 0 ? usual : said <= most ? (int)said : throw Refusal.Refused(RefusalReason.InvalidField, $"{field}: 1 to {most}");

    private async Task<List<LdapDirectory>> AllAsync(CancellationToken ct)
    {
        var health = await store.HealthAsync(ct);
        return [.. (await store.AllAsync(ct)).Select(d => Message(d, health[d.Id]))];
    }

    private static LdapDirectory Message(DirectorySettings d, DirectoryHealth health) => new()
    {
        DirectoryId = d.Id.ToString(), Name = d.Name, Disabled = !d.Enabled, Servers = { d.Servers }, StartTls = d.StartTls, Authorities = d.Authorities, BaseDn = d.BaseDn, BindDn = d.BindDn, Domains = { d.Domains },
        Kind = d.Kind switch { DirectoryKind.ActiveDirectory => Contract.DirectoryKind.ActiveDirectory, DirectoryKind.Rfc2307 => Contract.DirectoryKind.Rfc2307, _ => Contract.DirectoryKind.InetOrgPerson },
        UserFilter = d.OwnSchema.UserFilter, NameAttribute = d.OwnSchema.Name, DisplayNameAttribute = d.OwnSchema.DisplayName, IdAttribute = d.OwnSchema.Id,
        GroupFilter = d.OwnSchema.GroupFilter, GroupNameAttribute = d.OwnSchema.GroupName, MemberAttribute = d.OwnSchema.Member,
        MostBadTries = (uint)d.MostBadTries, BadTriesMinutes = (uint)d.BadTriesMinutes, SyncMinutes = (uint)d.SyncMinutes, SyncError = health.SyncError, SyncFailedStep = (Contract.DirectoryStep)(int)(DirectoryFailure.StepOf(health.SyncError) ?? 0), People = (uint)health.People, Groups = (uint)health.Groups,
        SyncedAt = health.SyncedAt is { } at ? Timestamp.FromDateTime(DateTime.SpecifyKind(at, DateTimeKind.Utc)) : null,
    };
}
