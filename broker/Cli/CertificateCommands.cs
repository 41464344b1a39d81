using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Cli;

internal static class CertificateCommands
{
    private const string Settings = "--certificates <file.pem> --revocation <off|online|file> [--names-by <serial|upn|email|cn>] [--pattern <regular expression>] [--by-user-name] [--purpose <oid>] [--policies <oid,...>] [--both-factors]";

    public static Command[] All { get; } =
    [
        new("certificate-authorities list", "", "entidades cujos certificados iniciam sessão", "authorities whose certificates sign people in", ListAsync),
        new("certificate-authorities add", $"<name> {Settings}", "junta uma entidade, ou muda a que tem este nome", "add an authority, or change the one of that name", AddAsync),
        new("certificate-authorities remove", "<authority>", "retira uma entidade, com as suas ligações a pessoas", "let an authority go, with its links to people", RemoveAsync),
        new("certificate-authorities test", "<certificate.pem>", "diz quem entraria com um certificado, ou porque não", "say whom a certificate would sign in, or why not", TestAsync),
        new("certificate-authorities links", "<authority>", "a quem pertencem os nomes nos certificados", "whom names in certificates are", LinksAsync),
        new("certificate-authorities link", "<authority> <value> <user>", "diz a quem pertence um nome nos certificados", "say whom a name in certificates is", LinkAsync),
        new("certificate-authorities unlink", "<authority> <value>", "desfaz essa ligação", "undo that", UnlinkAsync),
    ];

    private static CertificateAuthorities.CertificateAuthoritiesClient Client(Invocation call) => new(call.Calls);

    private static async Task<int> ListAsync(Invocation call)
    {
        call.Line.Take(2, 0, 0);
        var s = call.Screen;
        var answer = await Client(call).ListAsync(new(), call.AsAdministrator);
        s.Table(answer, answer.Authorities,
            (s.Words("ENTIDADE", "AUTHORITY"), a => a.Name),
            (s.Words("NOME POR", "NAMES BY"), a => a.NamesBy switch { CertificateNamesBy.SubjectSerialNumber => "serial", CertificateNamesBy.CommonName => "cn", CertificateNamesBy.Email => "email", _ => "upn" }),
            (s.Words("REVOGAÇÃO", "REVOCATION"), a => a.Revocation.ToString().ToLowerInvariant()),
            (s.Words("DOIS FATORES", "BOTH FACTORS"), a => a.BothFactors ? s.Words("sim", "yes") : s.Words("não", "no")),
            (s.Words("LIGAÇÕES", "LINKS"), a => $"{a.Links}"));
        return 0;
    }

    private static async Task<int> AddAsync(Invocation call)
    {
        var line = call.Line;
        var name = line.Take(2, 1, 1)[0];
        var said = new CertificateAuthority
        {
            AuthorityId = (await FindAsync(call, name))?.AuthorityId ?? "",
            Name = name,
            Certificates = Read(line.Option("certificates") ?? throw new UsageException("--certificates")),
            NamesBy = line.Option("names-by") switch
            {
                "serial" => CertificateNamesBy.SubjectSerialNumber, "upn" or null => CertificateNamesBy.Upn, "email" => CertificateNamesBy.Email, "cn" => CertificateNamesBy.CommonName,
                var other => throw new UsageException($"--names-by {other}"),
            },
            Pattern = line.Option("pattern") ?? "",
            ByUserName = line.Has("by-user-name"),
            Purpose = line.Option("purpose") ?? "",
            Policies = { line.Option("policies")?.Split(',', StringSplitOptions.RemoveEmptyEntries) ?? [] },
            Revocation = line.Option("revocation") switch
            {
                "off" => CertificateRevocation.Off, "online" => CertificateRevocation.Online, "file" => CertificateRevocation.File, _ => throw new UsageException("--revocation off|online|file"),
            },
            BothFactors = line.Has("both-factors"),
        };
        var saved = await Client(call).SaveAsync(new() { Authority = said }, call.AsAdministrator);
        call.Screen.Done(saved, $"Entidade {saved.Name} guardada", $"Authority {saved.Name} saved");
        return 0;
    }

    private static async Task<int> RemoveAsync(Invocation call)
    {
        var authority = await OneAsync(call, call.Line.Take(2, 1, 1)[0]);
        var gone = await Client(call).RemoveAsync(new() { AuthorityId = authority.AuthorityId }, call.AsAdministrator);
        call.Screen.Done(gone, $"Entidade {authority.Name} retirada, com {authority.Links} ligações", $"Authority {authority.Name} is gone, with {authority.Links} links");
        return 0;
    }

    private static async Task<int> TestAsync(Invocation call)
    {
        var answer = await Client(call).TestAsync(new() { Certificates = Read(call.Line.Take(2, 1, 1)[0]) }, call.AsAdministrator);
        var (by, named) = (answer.Authority.Length > 0 ? $"{answer.Authority}: " : "", answer.Value.Length > 0 ? $"{answer.Value}: " : "");
        if (answer.Reason is ReasonCode.Unspecified) call.Screen.Done(answer, $"{by}{named}entra {answer.UserName}", $"{by}{named}signs {answer.UserName} in");
        else call.Screen.Done(answer, by + named + ReasonTexts.Sentence(answer.Reason, System.Globalization.CultureInfo.GetCultureInfo("pt-PT")), by + named + ReasonTexts.Sentence(answer.Reason, System.Globalization.CultureInfo.GetCultureInfo("en-GB")));
        return answer.Reason is ReasonCode.Unspecified ? 0 : 1;
    }

    private static async Task<int> LinksAsync(Invocation call)
    {
        var authority = await OneAsync(call, call.Line.Take(2, 1, 1)[0]);
        var answer = await Client(call).ListLinksAsync(new() { AuthorityId = authority.AuthorityId }, call.AsAdministrator);
        call.Screen.Table(answer, answer.Links, (call.Screen.Words("NOME NO CERTIFICADO", "NAME IN CERTIFICATE"), l => l.Value), (call.Screen.Words("UTILIZADOR", "USER"), l => l.UserName));
        return 0;
    }

    private static async Task<int> LinkAsync(Invocation call)
    {
        var words = call.Line.Take(2, 3, 3);
        var authority = await OneAsync(call, words[0]);
        var done = await Client(call).LinkAsync(new() { AuthorityId = authority.AuthorityId, Value = words[1], UserName = words[2] }, call.AsAdministrator);
        call.Screen.Done(done, $"{words[1]} é {words[2]}", $"{words[1]} is {words[2]}");
        return 0;
    }

    private static async Task<int> UnlinkAsync(Invocation call)
    {
        var words = call.Line.Take(2, 2, 2);
        var authority = await OneAsync(call, words[0]);
        var done = await Client(call).LinkAsync(new() { AuthorityId = authority.AuthorityId, Value = words[1] }, call.AsAdministrator);
        call.Screen.Done(done, $"{words[1]} já não é ninguém", $"{words[1]} is nobody any more");
        return 0;
    }

    private static async Task<CertificateAuthority?> FindAsync(Invocation call, string name) =>
        (await Client(call).ListAsync(new(), call.AsAdministrator)).Authorities.FirstOrDefault(a => a.AuthorityId == name || string.Equals(a.Name, name, StringComparison.OrdinalIgnoreCase));

    private static async Task<CertificateAuthority> OneAsync(Invocation call, string name) => await FindAsync(call, name) ?? throw Unknown.Object(ReasonCode.NotFound, name);

    private static string Read(string file) => File.Exists(file) ? File.ReadAllText(file) : throw new UsageException(file);
}
