using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Words;

/// <summary>Signing in with certificates, and the authorities that they are from.</summary>
internal sealed partial class Language
{
    public string SignInWithCertificate => Pick("Entrar com cartão ou certificado", "Sign in with a card or certificate");
    public string CertificatesWord => Pick("Cartões e certificados", "Cards and certificates");
    public string CertificatesHint => Pick("Quem tem um certificado de uma destas entidades, por exemplo no Cartão de Cidadão, entra com ele. O gateway precisa de um endereço próprio para isso (Gateway:Certificates:Listen).", "Whoever has a certificate of one of these authorities, for example on a smart card, signs in with it. The gateway needs an address of its own for that (Gateway:Certificates:Listen).");
    public string NoCertificateAuthorities => Pick("Ainda não há entidades. Acrescente a que emite os cartões da sua organização, para que as pessoas entrem com eles.", "There are no authorities yet. Add the one that issues your organisation's cards, so that people sign in with them.");
    public string AddCertificateAuthority => Pick("Acrescentar entidade", "Add authority");
    public string ChangeCertificateAuthority(string name) => Pick($"Mudar a entidade {name}", $"Change the authority {name}");
    public string RemoveCertificateAuthority(string name) => Pick($"Retirar a entidade {name}", $"Remove the authority {name}");
    public string CertificateAuthoritySaved(string name) => Pick($"A entidade {name} foi guardada.", $"The authority {name} was saved.");
    public string CertificateAuthorityRemoved(string name) => Pick($"A entidade {name} foi retirada.", $"The authority {name} is gone.");
    public string RemovesLinks(uint links) => links == 0
        ? Pick("Nenhuma pessoa está ligada a um certificado desta entidade.", "Nobody is linked to a certificate of this authority.")
        : Pick($"Ligações a pessoas que se perdem: {links}.", $"Links to people that are lost: {links}.");
    public string RemoveAuthorityLeaves => Pick("As contas ficam, e quem já entrou continua. Ninguém volta a entrar com estes certificados.", "Accounts stay, and whoever has signed in stays so. Nobody signs in with these certificates any more.");
    public string WrongAuthorityName => Pick("De 1 a 60 caracteres.", "1 to 60 characters.");
    public string CertificatesPemWord => Pick("Certificados da entidade (PEM)", "The authority's certificates (PEM)");
    public string CertificatesPemHint => Pick("A raiz; com entidades abaixo dela, só contam os certificados que uma dessas emitiu.", "The root; with authorities below it, only certificates that one of those issued count.");
    public string CertificateNamesByWord => Pick("A pessoa está em", "The person stands in");
    public string CertificateWhoWord => Pick("A conta encontra-se por", "The account is found by");
    public string CertificateByUserName => Pick("ligação ou nome de utilizador", "link or user name");
    public string CertificateByLink => Pick("ligação", "link");
    public string CertificateRevocationWord => Pick("Revogação", "Revocation");
    public string CertificateFactorsWord => Pick("Segundo fator", "Second factor");
    public string CertificateBothFactors => Pick("não é pedido: o cartão tem PIN", "not asked for: the card has a PIN");
    public string CertificateOneFactor => Pick("é pedido a quem o tem", "asked of whoever has one");
    public string CertificateLinksWord => Pick("Pessoas ligadas", "People linked");
    public string CertificatePatternWord => Pick("Parte do nome que conta (expressão regular)", "Part of the name that counts (regular expression)");
    public string CertificatePatternHint => Pick("Tem de servir ao nome todo; conta o primeiro grupo. Se ficar vazia, conta o nome todo.", "It must fit the whole name; its first group counts. When empty, the whole name counts.");
    public string WrongCertificatePattern => Pick("Não é uma expressão regular que se possa usar; não pode olhar para a frente nem para trás.", "This is no regular expression that can be used; it may not look ahead or behind.");
    public string WrongObjectIdentifier => Pick("É preciso um OID, por exemplo 1.3.6.1.5.5.7.3.2.", "An object identifier is needed, for example 1.3.6.1.5.5.7.3.2.");
    public string RevocationNeedsDirectory => Pick("Para listas é preciso ClientCertificates:RevocationDirectory no broker.", "Lists need ClientCertificates:RevocationDirectory at the broker.");
    public string CertificateByUserNameLabel => Pick("O nome é um nome de utilizador daqui", "The name is a user name here");
    public string CertificateBothFactorsLabel => Pick("O cartão pede um PIN: não pedir segundo fator", "The card asks for a PIN: ask for no second factor");
    public string CertificateByUserNameEffect => Pick("Quem esta entidade nomear com o nome de uma conta entra nessa conta, também nas de administradores.", "Whomever this authority gives the name of an account signs in to that account, administrators' included.");
    public string CertificateByLinkEffect => Pick("Só entra quem estiver ligado a um certificado.", "Only who is linked to a certificate signs in.");
    public string CertificateRevocationOffEffect => Pick("Um cartão perdido continua a entrar até à data em que expira.", "A lost card goes on signing in until it expires.");
    public string CertificateRevocationEffect => Pick("Se não for possível saber se o certificado foi revogado, ninguém entra com ele.", "When it cannot be found out whether a certificate was revoked, it signs nobody in.");
    public string CertificateMoreSettings => Pick("Finalidade e políticas", "Purpose and policies");
    public string CertificatePurposeWord => Pick("Finalidade (OID)", "Purpose (OID)");
    public string CertificatePurposeHint => Pick("Se ficar vazia, autenticação de clientes: 1.3.6.1.5.5.7.3.2", "When empty, client authentication: 1.3.6.1.5.5.7.3.2");
    public string CertificatePoliciesWord => Pick("Políticas (OID)", "Policies (OID)");
    public string CertificatePoliciesHint => Pick("Uma tem de valer; separadas por espaços. Se ficar vazio, vale qualquer uma.", "One must hold; parted by blanks. When empty, any does.");
    public string CertificatesSignIn => Pick("Os certificados desta entidade podem entrar", "Certificates of this authority may sign in");
    public string LinkPerson => Pick("Ligar pessoa", "Link a person");
    public string LinkPersonOf(string name) => Pick($"Ligar uma pessoa a um certificado de {name}", $"Link a person to a certificate of {name}");
    public string CertificateLinkEffect => Pick("Quem mostrar um certificado com este nome entra na conta desta pessoa.", "Whoever shows a certificate with this name signs in to this person's account.");
    public string CertificateValueWord => Pick("Nome no certificado", "Name in the certificate");
    public string CertificateValueHint(CertificateNamesBy by) => by is CertificateNamesBy.SubjectSerialNumber ? Pick("No Cartão de Cidadão, BI e o número.", "On the Portuguese citizen card, BI and the number.") : NameOf(by);
    public string WrongCertificateValue => Pick("De 1 a 256 caracteres.", "1 to 256 characters.");
    public string CertificateUserNeeded => Pick("É preciso um nome de utilizador.", "A user name is needed.");
    public string Linked(string value, string user) => Pick($"{value} é agora {user}.", $"{value} is {user} now.");
    public string Unlink => Pick("Desligar", "Unlink");
    public string UnlinkOf(string value) => Pick($"Desligar {value}", $"Unlink {value}");
    public string Unlinked(string value) => Pick($"{value} já não é ninguém.", $"{value} is nobody any more.");
    public string TryCertificate => Pick("Experimentar certificado", "Try a certificate");
    public string TryCertificateEffect => Pick("Diz quem entraria; ninguém entra, e a chave não é precisa.", "Says who would sign in; nobody does, and the key is not needed.");
    public string CertificatePemWord => Pick("Certificado (PEM)", "Certificate (PEM)");
    public string CertificatePemHint => Pick("O da pessoa primeiro; a chave privada não entra aqui.", "The person's own first; the private key does not belong here.");
    public string CertificateSignsIn(string user) => Pick($"Entra {user}.", $"It signs {user} in.");
    public string CertificateIsFrom(string authority) => Pick($"É de {authority}:", $"It is from {authority}:");

    public string CardRemovalWord => Pick("Quando o terminal avisa que o cartão foi retirado", "When the terminal reports that the card was taken out");
    public string CardRemovalOf(CardRemoval what) => what switch
    {
        CardRemoval.Disconnect => Pick("A ligação é fechada; a sessão continua", "The connection is closed; the session stays"),
        CardRemoval.Lock => Pick("É bloqueado até a pessoa entrar de novo", "Locked until the person has signed in again"),
        _ => Pick("Nada acontece", "Nothing happens"),
    };
    public string CardRemovalEffect(CardRemoval what) => what switch
    {
        CardRemoval.Disconnect => Pick("Quem ainda tenha o portal aberto no terminal pode voltar à sessão.", "Whoever still has the portal open at the terminal can go back to the session."),
        CardRemoval.Lock => Pick("O ecrã fica coberto e o teclado e o rato não chegam aos programas. Abre quando a pessoa volta a pôr o cartão, ou inicia sessão de novo e se liga de qualquer lado. Onde não é possível bloquear (máquinas Windows; imagens sem o pacote xsecurelock), a ligação é fechada.",
            "The screen is covered, and keyboard and mouse do not reach the programs. It opens when the person puts the card back, or signs in anew and connects from anywhere. Where it cannot be locked (Windows machines; images without the package xsecurelock), the connection is closed."),
        _ => "",
    };
    public string LockedWord => Pick("Bloqueada", "Locked");
    public string LockedSince(Google.Protobuf.WellKnownTypes.Timestamp since) => Pick($"desde {Moment(since)}, porque o cartão foi retirado; abre quando a pessoa entrar de novo", $"since {Moment(since)}, because the card was taken out; opens when the person has signed in again");

    public string NameOf(CertificateNamesBy by) => by switch
    {
        CertificateNamesBy.SubjectSerialNumber => Pick("número de série do titular", "serial number of the subject"),
        CertificateNamesBy.Upn => Pick("nome principal do utilizador (UPN)", "user principal name (UPN)"),
        CertificateNamesBy.Email => Pick("endereço de correio eletrónico", "e-mail address"),
        _ => Pick("nome comum do titular (CN)", "common name of the subject (CN)"),
    };

    public string NameOf(CertificateRevocation way) => way switch
    {
        CertificateRevocation.Online => Pick("perguntada à entidade (OCSP ou CRL)", "asked of the authority (OCSP or CRL)"),
        CertificateRevocation.File => Pick("por listas no servidor (CRL)", "by lists on the server (CRL)"),
        _ => Pick("não é verificada", "not checked"),
    };
}
