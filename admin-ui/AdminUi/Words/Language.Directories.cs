using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Words;

// Directories that people sign in against.
internal sealed partial class Language
{
    public string DirectoriesWord => Pick("Diretórios", "Directories");
    public string DirectoriesHint => Pick("Quem está num diretório entra com a palavra-passe que lá tem, e os grupos do diretório valem aqui como grupos.", "Whoever is in a directory signs in with the password kept there, and the directory's groups count as groups here.");
    public string NoDirectories => Pick("Ainda não há diretórios. Acrescente o Active Directory ou o LDAP do município, para que as pessoas entrem com a palavra-passe que já têm.", "There are no directories yet. Add the town hall's Active Directory or LDAP, so that people sign in with the password they already have.");
    public string AddDirectory => Pick("Acrescentar diretório", "Add directory");
    public string ChangeDirectoryTitle(string name) => Pick($"Mudar o diretório {name}", $"Change the directory {name}");
    public string ChangeDirectoryOf(string name) => Pick($"Mudar o diretório {name}", $"Change the directory {name}");
    public string RemoveDirectoryOf(string name) => Pick($"Retirar o diretório {name}", $"Remove the directory {name}");
    public string RemoveDirectoryWord => Pick("Retirar", "Remove");
    public string SyncOf(string name) => Pick($"Ler agora o diretório {name}", $"Read now the directory {name}");
    public string SyncNow => Pick("Ler agora", "Read now");
    public string ReadWord => Pick("Lido", "Read");
    public string NotYetReadWord => Pick("Ainda não lido", "Not read yet");
    public string NotReadWord => Pick("Não foi lido", "Could not be read");
    public string LastReadWord => Pick("Lido pela última vez", "Last read");
    public string NeverWord => Pick("nunca", "never");
    public string ServersWord => Pick("Servidores", "Servers");
    public string ServersHint => Pick("Um por linha: nome, ou nome:porta. São experimentados por esta ordem.", "One a line: name, or name:port. They are tried in this order.");
    public string WrongServers => Pick("De 1 a 16 servidores: nome ou nome:porta.", "1 to 16 servers: name or name:port.");
    public string KindOfDirectory => Pick("Tipo de diretório", "Kind of directory");
    public string EncryptionWord => Pick("Cifra", "Encryption");
    public string TlsFromStart => Pick("LDAPS (porta 636)", "LDAPS (port 636)");
    public string StartTlsWord => Pick("StartTLS (porta 389)", "StartTLS (port 389)");
    public string AuthoritiesWord => Pick("Autoridades de confiança (PEM)", "Trusted authorities (PEM)");
    public string AuthoritiesHint => Pick("Se ficar vazio, valem as do sistema.", "When empty, the system's count.");
    public string WrongAuthorities => Pick("São precisos certificados em PEM.", "Certificates in PEM are needed.");
    public string BaseDnWord => Pick("Base das pessoas e grupos (DN)", "Base of people and groups (DN)");
    public string WrongDn => Pick("É preciso um DN, por exemplo dc=montalegre,dc=pt.", "A DN is needed, for example dc=montalegre,dc=pt.");
    public string BindDnWord => Pick("Conta de leitura", "Reading account");
    public string BindDnHint => Pick("DN da conta; no Active Directory também nome@domínio", "DN of the account; in Active Directory name@domain, too");
    public string BindPasswordWord => Pick("Palavra-passe da conta", "Password of the account");
    public string BindPasswordKept => Pick("Se ficar vazia, vale a que está guardada.", "When empty, the saved one counts.");
    public string WrongBindPassword => Pick("É precisa de novo, porque os servidores, a cifra, as autoridades ou a conta mudam.", "It is needed again, because servers, encryption, authorities or the account change.");
    public string BindPasswordNeeded => Pick("É precisa a palavra-passe da conta de leitura.", "The password of the reading account is needed.");
    public string DomainsWord => Pick("Domínios", "Domains");
    public string DomainsHint => Pick("O que as pessoas podem escrever depois de @ ou antes de \\, separado por espaços", "What people may write after @ or before \\, parted by blanks");
    public string UserFilterWord => Pick("Filtro de pessoas", "Filter of people");
    public string GroupFilterWord => Pick("Filtro de grupos", "Filter of groups");
    public string UsualOfKind => Pick("Se ficar vazio, vale o habitual neste tipo de diretório.", "When empty, what is usual for the kind counts.");
    public string WrongFilter => Pick("É preciso um filtro LDAP entre parênteses, ou nada.", "An LDAP filter in parentheses is needed, or nothing.");
    public string MostBadTriesWord => Pick("Tentativas erradas no diretório", "Wrong tries at the directory");
    public string BadTriesMinutesWord => Pick("Durante minutos", "Within minutes");
    public string SyncMinutesWord => Pick("Ler a cada minutos", "Read every minutes");
    public string MoreSettings => Pick("Filtros, tentativas e intervalos", "Filters, tries and intervals");
    public string SignInsAllowed => Pick("As pessoas deste diretório podem entrar", "People of this directory may sign in");
    public string SomebodyToFind => Pick("Pessoa a procurar (facultativo)", "Somebody to find (optional)");
    public string SaveAnyway => Pick("Guardar mesmo que o teste falhe", "Save although the test fails");
    public string DirectoryTestedBeforeSaving => Pick("A ligação é experimentada antes de guardar.", "The connection is tried before saving.");
    public string DirectoryDisabledEffect => Pick("Enquanto estiver desativado, ninguém deste diretório entra e ele não é lido. As sessões abertas continuam.", "While it is disabled nobody of this directory signs in, and it is not read. Open sessions go on.");
    public string DirectorySaved(string name) => Pick($"O diretório {name} foi guardado e vai ser lido.", $"The directory {name} was saved and will be read.");
    public string RemoveDirectoryQuestion(string name) => RemoveDirectoryOf(name) + "?";
    public string DirectoryRemoved(string name) => Pick($"O diretório {name} foi retirado.", $"The directory {name} is gone.");
    public string RemovesPeople(uint people) => people == 0
        ? Pick("Ninguém deste diretório entrou até agora.", "Nobody of this directory has signed in until now.")
        : Count((int)people, "{0} pessoa fica desativada e não volta a entrar.", "{0} pessoas ficam desativadas e não voltam a entrar.", "{0} person is disabled and does not sign in again.", "{0} people are disabled and do not sign in again.");
    public string RemovesGroups(uint groups) => groups == 0
        ? Pick("Não trouxe grupos.", "It brought no groups.")
        : Count((int)groups, "{0} grupo desaparece, e com ele o acesso que dava.", "{0} grupos desaparecem, e com eles o acesso que davam.", "{0} group goes, and with it the access it gave.", "{0} groups go, and with them the access they gave.");
    public string RemoveDirectoryLeaves => Pick("No diretório nada é mudado. As máquinas pessoais ficam.", "Nothing is changed in the directory. Personal machines stay.");
    public string PeopleSoFar => Pick("Pessoas que já entraram", "People who signed in");

    public string KindOf(DirectoryKind kind) => kind switch
    {
        DirectoryKind.ActiveDirectory => "Active Directory",
        DirectoryKind.InetOrgPerson => Pick("LDAP com inetOrgPerson", "LDAP with inetOrgPerson"),
        DirectoryKind.Rfc2307 => Pick("LDAP com contas POSIX (RFC 2307)", "LDAP with POSIX accounts (RFC 2307)"),
        _ => kind.ToString(),
    };

    /// <summary>What failed while talking to a directory, and what to do about it.</summary>
    public string StepFailed(DirectoryStep step) => step switch
    {
        DirectoryStep.Connect => Pick("Nenhum servidor respondeu. Veja o nome, a porta e a firewall.", "No server answered. Look at the name, the port and the firewall."),
        DirectoryStep.Tls => Pick("O servidor não fala TLS nesta porta. Veja a porta e a cifra.", "The server does not speak TLS on this port. Look at the port and the encryption."),
        DirectoryStep.Certificate => Pick("O certificado do servidor não é de confiança, não é para este nome ou está fora do prazo.", "The server's certificate is not trusted, not for this name, or not in force."),
        DirectoryStep.Bind => Pick("O diretório não aceita a conta de leitura ou a palavra-passe dela.", "The directory does not take the reading account or its password."),
        DirectoryStep.Search => Pick("Não se encontram pessoas ou grupos. Veja o DN e os filtros.", "People or groups are not found. Look at the DN and the filters."),
        _ => Pick("Não foi possível ler o diretório.", "The directory could not be read."),
    };

    public string DirectoryTestGood(TestDirectoryResponse said) => Pick(
        $"{said.Server} respondeu: {Count((int)said.People, "{0} pessoa", "{0} pessoas", "", "")} e {Count((int)said.Groups, "{0} grupo", "{0} grupos", "", "")}.",
        $"{said.Server} answered: {Count((int)said.People, "", "", "{0} person", "{0} people")} and {Count((int)said.Groups, "", "", "{0} group", "{0} groups")}.");

    public string DirectoryTestPerson(string dn, IReadOnlyCollection<string> groups) => groups.Count == 0
        ? Pick($"{dn} não está em nenhum grupo.", $"{dn} is in no group.")
        : Pick($"{dn} está em: {string.Join(", ", groups)}.", $"{dn} is in: {string.Join(", ", groups)}.");

    public string SyncDone(string name, SyncDirectoryResponse done) => Pick(
        $"{name} foi lido: {done.Disabled} pessoas desativadas, {done.Enabled} reativadas, {done.Renamed} com outro nome; pertenças a grupos: {done.MembersAdded} a mais, {done.MembersRemoved} a menos.",
        $"{name} was read: {done.Disabled} people disabled, {done.Enabled} enabled again, {done.Renamed} renamed; memberships: {done.MembersAdded} more, {done.MembersRemoved} less.");

    private string? DirectoryAction(string action) => action switch
    {
        "directory.add" => Pick("Acrescentou um diretório", "Added a directory"),
        "directory.update" => Pick("Mudou um diretório", "Changed a directory"),
        "directory.remove" => Pick("Retirou um diretório", "Removed a directory"),
        _ => null,
    };
}
