using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Cli;

internal static class DirectoryCommands
{
    private const string Settings = "--kind active-directory|inet-org-person|rfc2307 --servers <host,...> --base <dn> --bind <dn> [--domains <domain,...>] [--authorities <file.pem>] [--start-tls] [--user-filter <filter>] [--group-filter <filter>] [--most-bad-tries n] [--bad-tries-minutes n] [--sync-minutes n] [--password-stdin]";

    public static Command[] All { get; } =
    [
        new("directories list", "", "diretórios de onde vêm pessoas", "directories that people come from", ListAsync),
        new("directories add", $"<name> {Settings}", "junta um diretório LDAP ou Active Directory", "add an LDAP directory or Active Directory", AddAsync),
        new("directories change", $"<directory> [--name <name>] [--state on|off] [{Settings}]", "muda só o que se escreve (--start-tls=no tira-o); a palavra-passe só é pedida quando a ligação muda", "change only what is written (--start-tls=no takes it off); the password is asked for only when the connection changes", ChangeAsync),
        new("directories test", $"<name> {Settings} [--user <name>]", "experimenta, sem guardar, e diz que passo falha", "try without keeping, and name the step that fails", TestAsync),
        new("directories sync", "<directory>", "lê já as pessoas e os grupos", "read people and groups now", SyncAsync),
        new("directories remove", "<directory>", "retira um diretório; as pessoas dele ficam desativadas", "let a directory go; its people are disabled", RemoveAsync),
    ];

    private static Directories.DirectoriesClient Client(Invocation call) => new(call.Calls);

    private static async Task<LdapDirectory> FindAsync(Invocation call, string name) =>
        (await Client(call).ListAsync(new(), call.AsAdministrator)).Directories.FirstOrDefault(d => d.DirectoryId == name || string.Equals(d.Name, name, StringComparison.OrdinalIgnoreCase)) ?? throw Unknown.Object(ReasonCode.NotFound, name);

    private static async Task<int> ListAsync(Invocation call)
    {
        call.Line.Take(2, 0, 0);
        var s = call.Screen;
        var answer = await Client(call).ListAsync(new(), call.AsAdministrator);
        s.Table(answer, answer.Directories,
            (s.Words("DIRETÓRIO", "DIRECTORY"), d => d.Name),
            (s.Words("TIPO", "KIND"), d => Screen.Word(d.Kind, "directory_kind_")),
            (s.Words("SERVIDORES", "SERVERS"), d => string.Join(' ', d.Servers)),
            (s.Words("PESSOAS", "PEOPLE"), d => $"{d.People}"),
            (s.Words("GRUPOS", "GROUPS"), d => $"{d.Groups}"),
            (s.Words("LIDO", "READ"), d => Screen.Time(d.SyncedAt)),
            (s.Words("ERRO", "ERROR"), d => d.SyncError));
        return 0;
    }

    private static async Task<int> AddAsync(Invocation call)
    {
        var saved = await Client(call).SaveAsync(new() { Directory = Said(call), BindPassword = call.Password() }, call.AsAdministrator);
        call.Screen.Done(saved, $"Diretório {saved.Name} guardado", $"Directory {saved.Name} saved");
        return 0;
    }

    private static async Task<int> ChangeAsync(Invocation call)
    {
        var line = call.Line;
        var before = await FindAsync(call, line.Take(2, 1, 1)[0]);
        var now = Overlaid(before.Clone(), line);
        if (line.Option("name") is { } name) now.Name = name;
        now.Disabled = line.Option("state") switch { null => before.Disabled, "on" => false, "off" => true, var other => throw new UsageException($"--state {other}") };
        // The saved password goes to the saved server only: the broker wants it again for any other.
        var elsewhere = !now.Servers.SequenceEqual(before.Servers) || now.StartTls != before.StartTls || now.Authorities != before.Authorities || now.BindDn != before.BindDn;
        var saved = await Client(call).SaveAsync(new() { Directory = now, BindPassword = elsewhere || line.Has("password-stdin") ? call.Password() : "" }, call.AsAdministrator);
        call.Screen.Done(saved, $"Diretório {saved.Name} guardado", $"Directory {saved.Name} saved");
        return 0;
    }

    private static async Task<int> TestAsync(Invocation call)
    {
        var answer = await Client(call).TestAsync(new() { Directory = Said(call), BindPassword = call.Password(), UserName = call.Line.Option("user") ?? "" }, call.AsAdministrator);
        if (answer.FailedStep is DirectoryStep.Unspecified)
        {
            call.Screen.Done(answer, $"{answer.Server}: {answer.People} pessoas, {answer.Groups} grupos. {answer.UserDn} {string.Join(' ', answer.UserGroups)}", $"{answer.Server}: {answer.People} people, {answer.Groups} groups. {answer.UserDn} {string.Join(' ', answer.UserGroups)}");
            return 0;
        }
        var step = answer.FailedStep switch
        {
            DirectoryStep.Connect => call.Screen.Words("a ligação falhou", "connecting failed"),
            DirectoryStep.Tls => call.Screen.Words("o TLS falhou", "TLS failed"),
            DirectoryStep.Certificate => call.Screen.Words("o certificado não é de confiança", "the certificate is not trusted"),
            DirectoryStep.Bind => call.Screen.Words("a conta de leitura não foi aceite", "the reading account was not accepted"),
            _ => call.Screen.Words("a procura falhou", "the search failed"),
        };
        call.Screen.Done(answer, $"{answer.Server}: {step}: {answer.Problem}", $"{answer.Server}: {step}: {answer.Problem}");
        return 1;
    }

    private static async Task<int> SyncAsync(Invocation call)
    {
        var directory = await FindAsync(call, call.Line.Take(2, 1, 1)[0]);
        var done = await Client(call).SyncAsync(new() { DirectoryId = directory.DirectoryId }, call.AsAdministrator);
        call.Screen.Done(done, $"{directory.Name}: {done.Disabled} desativadas, {done.Enabled} reativadas, {done.Renamed} com outro nome; {done.MembersAdded} pertenças a mais, {done.MembersRemoved} a menos",
            $"{directory.Name}: {done.Disabled} disabled, {done.Enabled} enabled, {done.Renamed} renamed; {done.MembersAdded} memberships more, {done.MembersRemoved} less");
        return 0;
    }

    private static async Task<int> RemoveAsync(Invocation call)
    {
        var directory = await FindAsync(call, call.Line.Take(2, 1, 1)[0]);
        var gone = await Client(call).RemoveAsync(new() { DirectoryId = directory.DirectoryId }, call.AsAdministrator);
        call.Screen.Done(gone, $"Diretório {directory.Name} retirado", $"Directory {directory.Name} is gone");
        return 0;
    }

    private static LdapDirectory Said(Invocation call)
    {
        var line = call.Line;
        foreach (var needed in new[] { "kind", "servers", "base", "bind" })
            if (!line.Has(needed)) throw new UsageException($"--{needed}");
        return Overlaid(new() { Name = line.Take(2, 1, 1)[0] }, line);
    }

    private static LdapDirectory Overlaid(LdapDirectory said, CommandLine line)
    {
        said.Kind = line.Option("kind") switch
        {
            null => said.Kind,
            "active-directory" => DirectoryKind.ActiveDirectory,
            "inet-org-person" => DirectoryKind.InetOrgPerson,
            "rfc2307" => DirectoryKind.Rfc2307,
            var other => throw new UsageException($"--kind {other}"),
        };
        Replace(said.Servers, line.Option("servers"));
        Replace(said.Domains, line.Option("domains"));
        said.BaseDn = line.Option("base") ?? said.BaseDn;
        said.BindDn = line.Option("bind") ?? said.BindDn;
        if (line.Option("authorities") is { } file) said.Authorities = File.Exists(file) ? File.ReadAllText(file) : throw new UsageException($"--authorities {file}");
        if (line.Has("start-tls")) said.StartTls = line.Option("start-tls") is not "no";
        said.UserFilter = line.Option("user-filter") ?? said.UserFilter;
        said.GroupFilter = line.Option("group-filter") ?? said.GroupFilter;
        said.MostBadTries = line.Number("most-bad-tries", said.MostBadTries);
        said.BadTriesMinutes = line.Number("bad-tries-minutes", said.BadTriesMinutes);
        said.SyncMinutes = line.Number("sync-minutes", said.SyncMinutes);
        return said;
    }

    private static void Replace(Google.Protobuf.Collections.RepeatedField<string> list, string? written)
    {
        if (written is null) return;
        list.Clear();
        list.Add(written.Split(',', StringSplitOptions.RemoveEmptyEntries));
    }
}
