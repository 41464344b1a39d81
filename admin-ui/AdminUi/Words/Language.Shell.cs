namespace Montalegre.Vdi.AdminUi.Words;

// The frame around the pages, sign-in, and what every live table says.
internal sealed partial class Language
{
    public string ConsoleWord => Pick("Consola", "Console");
    public string Menu => Pick("Menu principal", "Main menu");
    public string SkipToContent => Pick("Saltar para o conteúdo", "Skip to content");
    public string Dashboard => Pick("Painel", "Dashboard");
    public string Machines => Pick("Máquinas", "Machines");
    public string Sessions => Pick("Sessões", "Sessions");
    public string Pools => Pick("Conjuntos", "Pools");
    public string Users => Pick("Utilizadores", "Users");
    public string AuditLog => Pick("Registo de auditoria", "Audit log");
    public string Preferences => Pick("Preferências", "Preferences");
    public string PreferencesHint => Pick("Escolha em baixo o idioma e o aspeto. Ficam guardados neste navegador.", "Choose language and appearance below. They are kept in this browser.");
    public string LanguageWord => Pick("Idioma", "Language");
    public string Appearance => Pick("Aspeto", "Appearance");
    public string AsSystem => Pick("Como o sistema", "As the system");
    public string Light => Pick("Claro", "Light");
    public string Dark => Pick("Escuro", "Dark");
    public string Back => Pick("Voltar", "Back");
    public string WhereYouAre => Pick("Localização na consola", "Where you are");
    public string Loading => Pick("A carregar…", "Loading…");
    public string None => Pick("Nenhum", "None");
    public string Unknown => Pick("Desconhecido", "Unknown");
    public string Cancel => Pick("Cancelar", "Cancel");
    public string Create => Pick("Criar", "Create");
    public string Send => Pick("Enviar", "Send");

    public string NotFoundTitle => Pick("Página não encontrada", "Page not found");
    public string NotFoundText => Pick("O endereço não corresponde a nenhuma página da consola.", "The address matches no page of the console.");
    public string BackToDashboard => Pick("Voltar ao painel", "Back to the dashboard");
    public string PageBrokeTitle => Pick("Ocorreu um erro", "Something went wrong");
    public string PageBroke => Pick("Ocorreu um erro nesta página. Nada foi alterado no serviço de ligações.", "This page failed. Nothing was changed at the broker.");
    public string ReloadPage => Pick("Recarregar a página", "Reload the page");
    public string ConsoleLost => Pick("Sem ligação à consola", "No connection to the console");
    public string ConsoleLostHint => Pick("A tentar de novo. As sessões dos utilizadores continuam.", "Trying again. The users' sessions go on.");
    public string NoLine => Pick("Sem ligação ao serviço de ligações, a tentar de novo.", "No connection to the broker, trying again.");
    public string NoDataYet => Pick("Ainda não há dados.", "There are no data yet.");
    public string DataAge(TimeSpan age) => Pick($"Os dados têm {Span(age)}.", $"The data are {Span(age)} old.");

    public string SignInWith(string provider) => Pick($"Entrar com {provider}", $"Sign in with {provider}");
    public string OtherWaysIn => Pick("Outras formas de iniciar sessão", "Other ways to sign in");
    public string SigningIn => Pick("A iniciar a sua sessão…", "Signing you in…");
    public string SigningOut => Pick("A terminar a sua sessão…", "Signing you out…");
    public string SignInWord => Pick("Iniciar sessão", "Sign in");
    public string SignOut => Pick("Terminar sessão na consola", "Sign out of the console");
    public string SignedOutDone => Pick("A sua sessão na consola terminou.", "You have signed out of the console.");
    public string SignInExpired => Pick("A sua sessão na consola terminou. Inicie sessão de novo.", "Your sign-in to the console has expired. Sign in again.");
    public string SignInEnds(string at) => Pick($"A sua sessão na consola termina às {at}.", $"Your sign-in to the console ends at {at}.");
    public string SignInAgain => Pick("Iniciar sessão de novo", "Sign in again");
    public string UserName => Pick("Nome de utilizador", "User name");
    public string Password => Pick("Palavra-passe", "Password");
    public string PasswordAgain => Pick("Repita a palavra-passe", "Repeat the password");
    public string PasswordHint => Pick("Pelo menos 12 caracteres.", "At least 12 characters.");
    public string PasswordsDiffer => Pick("As duas palavras-passe não são iguais. Escreva-as de novo.", "The two passwords differ. Type them again.");
    public string Enter => Pick("Entrar", "Enter");
    public string FullName => Pick("Nome completo", "Full name");
    public string NotSetUpYet => Pick("Esta instalação ainda não tem administrador.", "This installation has no administrator yet.");
    public string SetUpNow => Pick("Configurar agora", "Set it up now");
    public string SetUpWord => Pick("Primeira configuração", "First set-up");
    public string SetUpHint => Pick("Crie o primeiro administrador com o código da ligação de configuração, que só serve uma vez.", "Make the first administrator with the code of the set-up link, which works once.");
    public string SetUpToken => Pick("Código de configuração", "Set-up code");
    public string SetUpTokenHint => Pick("É a parte da ligação depois de #. Se a abriu tal como foi mostrada, já está preenchido.", "It is the part of the link after #. If you opened the link as it was shown, it is filled in already.");
    public string CreateAdministrator => Pick("Criar administrador", "Create administrator");

    public string SecondStep => Pick("Segundo passo", "Second step");
    public string SecondStepLead => Pick("Escreva o código de 6 algarismos que a sua aplicação de autenticação mostra agora.", "Type the 6-digit code that your authenticator app shows now.");
    public string CodeOfApp => Pick("Código da aplicação", "Code of the app");
    public string RecoveryCode => Pick("Código de recuperação", "Recovery code");
    public string RecoveryCodeLead => Pick("Escreva um dos códigos de recuperação que guardou. Cada um serve uma vez.", "Type one of the recovery codes that you kept. Each works once.");
    public string UseRecoveryCode => Pick("Usar um código de recuperação", "Use a recovery code");
    public string UseApp => Pick("Usar a aplicação de autenticação", "Use the authenticator app");
    public string NothingLeft => Pick("Sem telemóvel nem códigos? Outro administrador retira-lhe o segundo fator.", "Neither phone nor codes? Another administrator takes your second factor away.");
    public string Continue => Pick("Continuar", "Continue");
    public string EnrolTitle => Pick("Adicionar uma aplicação de autenticação", "Add an authenticator app");
    public string EnrolMandatory => Pick("Quem administra entra sempre com um segundo fator. Isto faz-se uma vez e demora um minuto.", "Administrators always sign in with a second factor. This is done once and takes a minute.");
    public string EnrolScan => Pick("Abra no telemóvel uma aplicação de autenticação e leia este código QR.", "Open an authenticator app on your phone and scan this QR code.");
    public string EnrolType => Pick("Se não o pode ler, escreva esta chave na aplicação:", "If you cannot scan it, type this key into the app:");
    public string EnrolConfirm => Pick("Escreva o código de 6 algarismos que a aplicação mostra.", "Type the 6-digit code that the app shows.");
    public string QrCode => Pick("Código QR para a aplicação de autenticação", "QR code for the authenticator app");
    public string RecoveryCodes => Pick("Códigos de recuperação", "Recovery codes");
    public string RecoveryCodesOnce => Pick("Guarde-os agora em lugar seguro, porque não voltam a ser mostrados. Se perder o telemóvel, cada um substitui uma vez o código da aplicação.", "Keep them in a safe place now, because they are not shown again. Should you lose your phone, each replaces the code of the app once.");
    public string CodesKept => Pick("Já os guardei", "I have kept them");

    public string FindAnything => Pick("Procurar ou fazer ( / ou Ctrl K )", "Find or do ( / or Ctrl K )");
    public string OnThisPage => Pick("nesta página", "on this page");
    public string GoToWord => Pick("ir para", "go to");
    public string NothingFound => Pick("Nada encontrado.", "Nothing found.");
    public string ExportCsv => Pick("Exportar CSV", "Export CSV");
    public string FilterRows => Pick("Filtrar linhas", "Filter rows");
    public string Pause => Pick("Pausar", "Pause");
    public string Resume => Pick("Retomar", "Resume");
    public string NothingMatches => Pick("Nenhuma linha corresponde ao filtro.", "No row matches the filter.");
    public string AllWord => Pick("Tudo", "All");
    public string RowCount(int shown, int all) => shown == all
        ? Count(all, "{0:N0} linha", "{0:N0} linhas", "{0:N0} row", "{0:N0} rows")
        : string.Format(Culture, Pick("{0:N0} de {1:N0} linhas", "{0:N0} of {1:N0} rows"), shown, all);
    public string ChangesWaiting(int n) => Count(n, "{0:N0} alteração", "{0:N0} alterações", "{0:N0} change", "{0:N0} changes");
    public string SortAgain(int n) => ChangesWaiting(n) + Pick(" · ordenar de novo", " · sort again");
}
