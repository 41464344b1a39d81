using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Words;

// OpenID Connect providers that people sign in with.
internal sealed partial class Language
{
    public string ProvidersWord => Pick("Fornecedores OpenID Connect", "OpenID Connect providers");
    public string ProvidersHint => Pick("Quem já entra no Entra, no Keycloak ou no AD FS entra aqui com essa sessão; a palavra-passe fica lá.", "Whoever signs in with Entra, Keycloak or AD FS signs in here with that session; the password stays there.");
    public string NoProviders => Pick("Ainda não há fornecedores. Registe o portal e a consola no fornecedor do município e acrescente-o aqui.", "There are no providers yet. Register portal and console with the town hall's provider, then add it here.");
    public string AddProvider => Pick("Acrescentar fornecedor", "Add provider");
    public string ChangeProviderOf(string name) => Pick($"Mudar o fornecedor {name}", $"Change the provider {name}");
    public string RemoveProviderOf(string name) => Pick($"Retirar o fornecedor {name}", $"Remove the provider {name}");
    public string ProviderNameHint => Pick("Está escrito no botão de entrada.", "Stands on the sign-in button.");
    public string WrongProviderName => Pick("De 1 a 60 caracteres.", "1 to 60 characters.");
    public string IssuerWord => Pick("Emissor", "Issuer");
    public string IssuerHint => Pick("O endereço https tal como o fornecedor o escreve, sem /.well-known", "The https address as the provider writes it, without /.well-known");
    public string WrongIssuer => Pick("É preciso um endereço https.", "An https address is needed.");
    public string ClientIdWord => Pick("Identificador do cliente", "Client identifier");
    public string WrongClientId => Pick("É preciso o identificador que o fornecedor deu.", "The identifier that the provider gave is needed.");
    public string ClientSecretWord => Pick("Segredo do cliente", "Client secret");
    public string ClientSecretHint => Pick("Vazio, se o fornecedor não deu nenhum.", "Empty, if the provider gave none.");
    public string ClientSecretKept => Pick("Se ficar vazio, vale o que está guardado.", "When empty, the saved one counts.");
    public string WrongClientSecret => Pick("É preciso de novo, porque o emissor, as autoridades ou o cliente mudam.", "It is needed again, because issuer, authorities or client change.");
    public string WaysBackHint => Pick("No fornecedor, registe para o portal e para a consola:", "With the provider, register for portal and console:");
    public string WayBackWord => Pick("(regresso)", "(way back)");
    public string WayLeftWord => Pick("(depois de sair)", "(after signing out)");
    public string WayEndedWord => Pick("e só para um deles, para saber quem saiu lá:", "and for one of them, to hear who signed out there:");
    public string ClaimsToGroups => Pick("Grupos", "Groups");
    public string ClaimsToGroupsHint => Pick("Quem traz um destes valores está no grupo daqui; os outros valores não contam.", "Whoever brings one of these values is in the group here; other values do not count.");
    public string MappedGroupNumber(int number) => Pick($"Grupo {number}", $"Group {number}");
    public string RemoveMappedGroup(int number) => Pick($"Retirar grupo {number}", $"Remove group {number}");
    public string AddMappedGroup => Pick("Acrescentar grupo", "Add a group");
    public string ClaimValue => Pick("Valor no fornecedor", "Value at the provider");
    public string GroupHere => Pick("Grupo aqui", "Group here");
    public string WrongMappedGroups => Pick("Cada valor uma só vez, com o nome de um grupo. Para só entrar quem está num grupo, é preciso pelo menos um.", "Each value once, with a group's name. For only those in a group to come in, at least one is needed.");
    public string OnlyMappedWord => Pick("Só entra quem está num destes grupos", "Only those in one of these groups come in");
    public string OnlyMappedShort => Pick("só quem está num dos grupos", "only those in one of the groups");
    public string EverybodyThere => Pick("quem o fornecedor conhece", "whoever the provider knows");
    public string OnlyMappedEffect => Pick("Quem não está em nenhum dos grupos deixa de entrar. As sessões abertas continuam.", "Whoever is in none of the groups does not sign in any more. Open sessions go on.");
    public string WhoComesIn => Pick("Quem entra", "Who comes in");
    public string NoGroupsMapped => Pick("nenhum", "none");
    public string SecondFactorWord => Pick("Segundo fator", "Second factor");
    public string AskedHere => Pick("pedido aqui", "asked for here");
    public string BelievedFor(string values) => Pick($"vale o do fornecedor: {values}", $"the provider's counts: {values}");
    public string MoreProviderSettings => Pick("Segundo fator, âmbitos, atributos e autoridades", "Second factor, scopes, claims and authorities");
    public string SecondFactorValuesWord => Pick("Valores de amr ou acr que valem como segundo fator", "Values of amr or acr that count as a second factor");
    public string SecondFactorValuesHint => Pick("Separados por espaços. Vazio: o segundo fator é pedido aqui.", "Parted by blanks. Empty: the second factor is asked for here.");
    public string SecondFactorEffect => Pick("A palavra do fornecedor sobre o segundo fator passa a valer aqui, também para administradores.", "The provider's word about the second factor counts here, for administrators, too.");
    public string ScopesWord => Pick("Âmbitos pedidos além de openid", "Scopes asked for besides openid");
    public string ScopesHint => Pick("Separados por espaços. Vazio: profile.", "Parted by blanks. Empty: profile.");
    public string NameClaimWord => Pick("Atributo da conta", "Claim of the account");
    public string DisplayNameClaimWord => Pick("Atributo do nome", "Claim of the name");
    public string GroupsClaimWord => Pick("Atributo dos grupos", "Claim of the groups");
    public string ProviderSignInsAllowed => Pick("As pessoas deste fornecedor podem entrar", "People of this provider may sign in");
    public string TestProvider => Pick("Experimentar o emissor", "Test the issuer");
    public string ProviderTestedBeforeSaving => Pick("O emissor é experimentado antes de guardar.", "The issuer is tried before saving.");
    public string ProviderDisabledEffect => Pick("Enquanto estiver desativado, o botão não aparece e ninguém entra por ele. As sessões abertas continuam.", "While it is disabled its button is not there and nobody signs in by it. Open sessions go on.");
    public string ProviderSaved(string name) => Pick($"O fornecedor {name} foi guardado.", $"The provider {name} was saved.");
    public string ProviderRemoved(string name) => Pick($"O fornecedor {name} foi retirado.", $"The provider {name} is gone.");
    public string DocumentWord => Pick("Documento lido", "Document read");
    public string AuthorizationEndpointWord => Pick("Onde as pessoas entram", "Where people sign in");
    public string TokenEndpointWord => Pick("De onde vêm as provas", "Where tokens come from");
    public string UserinfoEndpointWord => Pick("De onde vêm os atributos", "Where claims come from");
    public string KeysOfProvider => Pick("Chaves de assinatura", "Signing keys");

    public string ProviderRemovesPeople(uint people) => people == 0
        ? Pick("Ninguém deste fornecedor entrou até agora.", "Nobody of this provider has signed in until now.")
        : Count((int)people, "{0} pessoa fica desativada e é posta fora da sessão no portal e na consola.", "{0} pessoas ficam desativadas e são postas fora da sessão no portal e na consola.", "{0} person is disabled and signed out of portal and console.", "{0} people are disabled and signed out of portal and console.");

    public string ProviderRemovesGroups(int groups) => groups == 0
        ? Pick("Não traz grupos.", "It brings no groups.")
        : Count(groups, "{0} grupo desaparece, e com ele o acesso que dava.", "{0} grupos desaparecem, e com eles o acesso que davam.", "{0} group goes, and with it the access it gave.", "{0} groups go, and with them the access they gave.");

    public string RemoveProviderLeaves => Pick(
        "No fornecedor nada é mudado. As contas e as máquinas pessoais ficam: quem voltar a entrar pelo mesmo emissor, se o acrescentar de novo, retoma a sua conta e o que lhe foi dado pelo nome.",
        "Nothing is changed at the provider. Accounts and personal machines stay: added again, whoever signs in by the same issuer has his account back, with what was given to him by name.");

    public string ProviderTestGood(TestOidcProviderResponse said) => Pick(
        $"O emissor respondeu. {(said.SignsOut ? "Quem sai aqui sai também lá" : "Quem sai aqui não sai de lá")}; {(said.TellsSignOuts ? "quem sai lá sai também daqui." : "quem sai lá não sai daqui.")}",
        $"The issuer answered. {(said.SignsOut ? "Whoever signs out here signs out there" : "Whoever signs out here stays signed in there")}; {(said.TellsSignOuts ? "whoever signs out there signs out here." : "whoever signs out there stays signed in here.")}");

    /// <summary>What failed of what a provider says about itself, and what to do about it.</summary>
    public string StepFailed(OidcStep step) => step switch
    {
        OidcStep.Connect => Pick("O emissor não responde. Veja o endereço e a firewall.", "The issuer does not answer. Look at the address and the firewall."),
        OidcStep.Certificate => Pick("O certificado do emissor não é de confiança, não é para este nome ou está fora do prazo.", "The issuer's certificate is not trusted, not for this name, or not in force."),
        OidcStep.Document => Pick("Neste endereço não há um documento que se possa ler. Veja o emissor.", "There is no document at this address that can be read. Look at the issuer."),
        OidcStep.Issuer => Pick("O fornecedor chama-se de outra maneira: escreva o emissor tal como ele o diz.", "The provider calls itself otherwise: write the issuer as it says it."),
        OidcStep.Endpoints => Pick("Falta um endereço no documento, ou não é https.", "An address is missing from the document, or is not https."),
        OidcStep.Keys => Pick("O documento não traz chaves de assinatura.", "The document names no signing keys."),
        OidcStep.Scopes => Pick("O fornecedor não oferece um dos âmbitos pedidos.", "The provider does not offer one of the scopes asked for."),
        _ => Pick("Não foi possível ler o que o fornecedor diz de si.", "What the provider says about itself could not be read."),
    };

    private string? ProviderAction(string action) => action switch
    {
        "oidc_provider.add" => Pick("Acrescentou um fornecedor OpenID Connect", "Added an OpenID Connect provider"),
        "oidc_provider.update" => Pick("Mudou um fornecedor OpenID Connect", "Changed an OpenID Connect provider"),
        "oidc_provider.remove" => Pick("Retirou um fornecedor OpenID Connect", "Removed an OpenID Connect provider"),
        "user.return" => Pick("Voltou pelo mesmo emissor", "Came back by the same issuer"),
        _ => null,
    };
}
