using System.Globalization;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Contracts;

/// <summary>
/// The sentences for the public list of reasons, in Portuguese (pt-PT) and English. Formal third person, what happened
/// and what to do. The detail, where a sentence has a place for it, is the field or object the broker named.
/// </summary>
public static class ReasonTexts
{
    private static readonly Dictionary<ReasonCode, (string Pt, string En)> Sentences = new()
    {
        [ReasonCode.SignInFailed] = ("O utilizador ou a palavra-passe não está correto. Verifique e tente de novo.", "The user name or the password is not right. Check them and try again."),
        [ReasonCode.DirectoryUnreachable] = ("O diretório que conhece a sua palavra-passe não responde. A palavra-passe não foi verificada; tente de novo dentro de minutos.", "The directory that knows your password does not answer. The password was not checked; try again in a few minutes."),
        [ReasonCode.PasswordExpired] = ("A sua palavra-passe expirou. Escolha uma nova para entrar.", "Your password has expired. Choose a new one to sign in."),
        [ReasonCode.AccountLocked] = ("A sua conta está bloqueada no diretório. Aguarde ou contacte a equipa de informática.", "Your account is locked in the directory. Wait, or contact your IT team."),
        [ReasonCode.AccountDisabled] = ("A sua conta está desativada. Contacte a equipa de informática.", "Your account is disabled. Contact your IT team."),
        [ReasonCode.TooManyTries] = ("Demasiadas tentativas com palavra-passe errada. Para não bloquear a sua conta, aguarde antes de tentar de novo.", "Too many tries with a wrong password. So that your account is not locked, wait before you try again."),
        [ReasonCode.NewPasswordRefused] = ("O diretório não aceitou a palavra-passe nova. Escolha outra, mais longa e diferente das anteriores.", "The directory did not accept the new password. Choose another one, longer and unlike the earlier ones."),
        [ReasonCode.InDirectory] = ("Isto vem de um diretório e só lá pode ser alterado.", "This comes from a directory and can only be changed there."),
        [ReasonCode.SignInBusy] = ("Há muitas pessoas a iniciar sessão neste momento. Tente de novo dentro de alguns segundos.", "Many people are signing in right now. Try again in a few seconds."),
        [ReasonCode.SignInExpired] = ("A sua sessão no portal terminou. Inicie sessão de novo.", "Your sign-in has expired. Sign in again."),
        [ReasonCode.ApiKeyInvalid] = ("A chave da API não é válida: foi revogada, expirou, ou quem a criou perdeu as suas funções. Peça outra a um administrador.", "The API key is not valid: it was revoked, has expired, or its maker has lost his roles. Ask an administrator for another one."),
        [ReasonCode.BreakGlassInvalid] = ("Este código de emergência não é válido: já foi usado ou passaram 15 minutos. Crie outro no servidor.", "This emergency code is not valid: it was used, or 15 minutes are over. Make another one on the server."),
        [ReasonCode.NotEntitled] = ("Não tem direito de acesso a este ambiente de trabalho. Peça-o à equipa de informática.", "You are not entitled to this desktop. Ask your IT team for it."),
        [ReasonCode.PermissionMissing] = ("Falta-lhe a permissão para isto; um administrador pode dá-la.", "You lack the permission for this; an administrator can grant it."),
        [ReasonCode.NotAllowed] = ("Não tem permissão para esta ação.", "You are not allowed to do this."),
        [ReasonCode.SetUpLinkInvalid] = ("Esta ligação de configuração não é válida ou já foi usada. Reinicie o serviço de ligações para obter outra.", "This set-up link is not valid or has been used. Restart the broker to get another."),
        [ReasonCode.PasswordTooWeak] = ("A palavra-passe é demasiado fraca. Use pelo menos 12 caracteres.", "The password is too weak. Use at least 12 characters."),
        [ReasonCode.PoolUnknown] = ("Este ambiente de trabalho já não existe. Atualize a página.", "This desktop no longer exists. Reload the page."),
        [ReasonCode.PoolDisabled] = ("Este ambiente de trabalho está desativado pela equipa de informática.", "This desktop has been disabled by your IT team."),
        [ReasonCode.PoolFull] = ("Todas as máquinas deste conjunto estão em uso. Fica na fila e entra assim que uma ficar livre.", "All machines of this pool are in use. You are in the queue and will get the first free one."),
        [ReasonCode.WaitingForMachine] = ("A sua máquina está a ser preparada.", "Your machine is being prepared."),
        [ReasonCode.WaitingForRefresh] = ("Uma máquina está a voltar ao estado inicial e ficará pronta para si.", "A machine is being refreshed and will be ready for you."),
        [ReasonCode.ImageMissing] = ("Falta a imagem-base deste conjunto. A equipa de informática foi avisada.", "The golden image of this pool is missing. Your IT team has been told."),
        [ReasonCode.StorageFull] = ("Não há espaço em disco para preparar mais máquinas. A equipa de informática foi avisada.", "There is no disk space to prepare more machines. Your IT team has been told."),
        [ReasonCode.HostUnavailable] = ("O anfitrião das máquinas não responde. Estamos a tentar de novo.", "The host of the machines does not answer. We keep trying."),
        [ReasonCode.ProvisioningFailed] = ("A preparação de uma máquina falhou. Estamos a tentar de novo.", "Preparing a machine failed. We keep trying."),
        [ReasonCode.MachineUnreachable] = ("A máquina da sua sessão não responde. A sessão é mantida; tente de novo dentro de um minuto.", "The machine of your session does not answer. The session is kept; try again in a minute."),
        [ReasonCode.MachineInMaintenance] = ("A máquina está em manutenção. Tente mais tarde.", "The machine is in maintenance. Try again later."),
        [ReasonCode.NoHostCapacity] = ("Nenhum anfitrião tem memória ou processador livres para mais uma máquina. Recebe a primeira que ficar livre.", "No host has memory or processors free for one more machine. You get the first that becomes free."),
        [ReasonCode.HostLimit] = ("Cada anfitrião já tem as máquinas deste conjunto que pode ter. Recebe a primeira que ficar livre.", "Each host has all the machines of this pool that it may have. You get the first that becomes free."),
        [ReasonCode.CreationThrottled] = ("As últimas máquinas deste conjunto não ficaram prontas, por isso as próximas são feitas mais devagar. A informática já foi avisada.", "The last machines of this pool did not become ready, so the next ones are made more slowly. IT has been told."),
        [ReasonCode.HostInMaintenance] = ("Os anfitriões deste conjunto estão em manutenção. Recebe uma máquina logo que voltem ao serviço.", "The hosts of this pool are in maintenance. You get a machine as soon as they are back."),
        [ReasonCode.LaunchTimedOut] = ("A máquina não ficou pronta a tempo. Tente de novo; se continuar, contacte a equipa de informática.", "The machine was not ready in time. Try again; if it goes on, contact your IT team."),
        [ReasonCode.TicketUnknown] = ("O bilhete de ligação não é válido. Volte ao portal e ligue de novo.", "The connection ticket is not valid. Go back to the portal and connect again."),
        [ReasonCode.TicketUsed] = ("Este bilhete de ligação já foi usado. Volte ao portal e ligue de novo.", "This connection ticket has already been used. Go back to the portal and connect again."),
        [ReasonCode.TicketExpired] = ("O bilhete de ligação expirou. Volte ao portal e ligue de novo.", "The connection ticket has expired. Go back to the portal and connect again."),
        [ReasonCode.TicketForeign] = ("Este bilhete foi emitido para outro equipamento ou gateway.", "This ticket was issued for another device or gateway."),
        [ReasonCode.NoTicket] = ("A ligação não trazia bilhete. Abra o ambiente de trabalho a partir do portal.", "The connection carried no ticket. Open the desktop from the portal."),
        [ReasonCode.NotRdp] = ("A ligação não usa o protocolo RDP.", "The connection does not speak RDP."),
        [ReasonCode.TlsRefused] = ("Não foi possível estabelecer uma ligação cifrada com o seu equipamento.", "No encrypted connection could be made with your device."),
        [ReasonCode.MachineDidNotAnswer] = ("A máquina não respondeu a tempo. Tente de novo dentro de um minuto.", "The machine did not answer in time. Try again in a minute."),
        [ReasonCode.MachineCertificateChanged] = ("A identidade da máquina não é a esperada. A ligação foi recusada e a equipa de informática foi avisada.", "The machine's identity is not the expected one. The connection was refused and your IT team has been told."),
        [ReasonCode.AgentSilent] = ("O agente da máquina não responde. Estamos a verificar; tente de novo dentro de um minuto.", "The machine's agent does not answer. We are checking; try again in a minute."),
        [ReasonCode.SignInNotPrepared] = ("Não foi possível preparar a sua entrada na máquina. Tente de novo.", "Your sign-in to the machine could not be prepared. Try again."),
        [ReasonCode.TooManyConnections] = ("Há demasiadas ligações a partir deste endereço. Aguarde um momento.", "There are too many connections from this address. Wait a moment."),
        [ReasonCode.GatewayStopping] = ("A gateway está a reiniciar. A sua sessão é mantida; ligue de novo.", "The gateway is restarting. Your session is kept; connect again."),
        [ReasonCode.PasswordNeeded] = ("Indique o seu utilizador e a palavra-passe no programa com que se liga, ou abra o ambiente de trabalho a partir do portal.", "Give your user name and password in the program you connect with, or open the desktop from the portal."),
        [ReasonCode.AccessWithdrawn] = ("O seu acesso foi retirado e a ligação foi fechada. Contacte a equipa de informática.", "Your access has been withdrawn and the connection was closed. Contact your IT team."),
        [ReasonCode.BrokerUnavailable] = ("O serviço de ligações não responde. As sessões abertas continuam; tente de novo dentro de momentos.", "The broker does not answer. Open sessions go on; try again in a moment."),
        [ReasonCode.DatabaseUnavailable] = ("A base de dados está a reiniciar. As sessões abertas continuam; tente de novo dentro de momentos.", "The database is restarting. Open sessions go on; try again in a moment."),
        [ReasonCode.DiskFull] = ("O disco do servidor está cheio. A equipa de informática foi avisada.", "The server's disk is full. Your IT team has been told."),
        [ReasonCode.Internal] = ("Ocorreu um erro do nosso lado. Tente de novo e indique a referência à equipa de informática.", "Something went wrong on our side. Try again, and give your IT team the reference."),
        [ReasonCode.WorkerEnded] = ("O programa que mostra este ambiente de trabalho terminou de repente. A sua sessão na máquina é mantida; ligue de novo.", "The program that shows this desktop ended unexpectedly. Your session on the machine is kept; connect again."),
        [ReasonCode.BrowserDesktopUnavailable] = ("Esta gateway não pode mostrar ambientes de trabalho no navegador. Use outra forma de ligar e avise a equipa de informática.", "This gateway cannot show desktops in the browser. Use another way to connect, and tell your IT team."),
        [ReasonCode.BrowserProtocol] = ("O navegador enviou algo que a gateway não entende. Atualize a página; se continuar, atualize o navegador.", "The browser sent something the gateway does not understand. Reload the page; if it goes on, update the browser."),
        [ReasonCode.MachineSignInRefused] = ("A máquina não aceitou o início de sessão. Volte ao portal e ligue de novo.", "The machine did not accept the sign-in. Go back to the portal and connect again."),
        [ReasonCode.ContinuedElsewhere] = ("O ambiente de trabalho foi aberto noutro equipamento e continua lá.", "The desktop was opened on another device and goes on there."),
        [ReasonCode.ResumeTokenUnknown] = ("A ligação já não pode ser retomada. A sua sessão é mantida; ligue de novo a partir do portal.", "The connection can no longer be resumed. Your session is kept; connect again from the portal."),
        [ReasonCode.IdleTooLong] = ("A ligação foi fechada por falta de atividade. A sua sessão é mantida; ligue de novo.", "The connection was closed because nothing happened on it. Your session is kept; connect again."),
        [ReasonCode.MachineClosed] = ("A máquina fechou a ligação. Se não terminou a sessão, ligue de novo a partir do portal.", "The machine closed the connection. If you did not sign out, connect again from the portal."),
        [ReasonCode.NameTaken] = ("O nome já existe. Escolha outro.", "The name is taken. Choose another."),
        [ReasonCode.NotFound] = ("O objeto não existe ou foi eliminado.", "The object does not exist or has been deleted."),
        [ReasonCode.InUse] = ("O objeto está em uso. Termine primeiro as sessões.", "The object is in use. End its sessions first."),
        [ReasonCode.InvalidField] = ("Um campo não tem um valor válido.", "A field does not have a valid value."),
        [ReasonCode.JoinTokenInvalid] = ("O código de adesão não é válido, expirou ou já foi usado. Crie outro na consola.", "The join token is not valid, has expired or has been used. Make another in the console."),
        [ReasonCode.CertificateRequestInvalid] = ("O pedido de certificado não é válido.", "The certificate request is not valid."),
        [ReasonCode.DuplicateIdentity] = ("A mesma identidade foi vista em dois sítios. Ambos ficaram em quarentena.", "The same identity was seen in two places. Both are quarantined."),
        [ReasonCode.SessionEnded] = ("Esta sessão já terminou.", "This session has already ended."),
        [ReasonCode.NotSupported] = ("Esta máquina não permite esta ação.", "This machine does not support this action."),
        [ReasonCode.LastAdministrator] = ("Este é o último administrador ativo com a função em seu nome; por um grupo não conta. Ative outro ou dê-lha primeiro.", "This is the last enabled administrator with a role of his own; by a group does not count. Enable another one, or give it to one, first."),
        [ReasonCode.AssistNotConnected] = ("Ninguém está ligado a esta sessão neste momento. Peça à pessoa que abra o ambiente de trabalho no navegador e tente de novo.", "Nobody is connected to this session right now. Ask the person to open the desktop in the browser, and try again."),
        [ReasonCode.AssistNotInBrowser] = ("A pessoa está ligada por um cliente RDP, que não pode ser acompanhado. Peça-lhe que abra o ambiente de trabalho no navegador: a sessão passa para lá tal como está.", "The person is connected by an RDP client, which cannot be joined. Ask them to open the desktop in the browser: the session moves there as it is."),
        [ReasonCode.AssistRunning] = ("Já há um pedido de assistência ou uma assistência nesta sessão. Só pode haver uma de cada vez.", "Somebody has asked to assist in this session, or assists in it already. There can be only one at a time."),
        [ReasonCode.AssistOver] = ("A assistência terminou. Para continuar, peça de novo na página da sessão.", "The assistance is over. To go on, ask again on the session's page."),
        [ReasonCode.AssistEndedByPerson] = ("A pessoa terminou a assistência.", "The person ended the assistance."),
        [ReasonCode.FilesBlocked] = ("Este conjunto não permite transferir ficheiros.", "This pool does not allow files to be transferred."),
        [ReasonCode.FileTooLarge] = ("O ficheiro é maior do que aqui se pode transferir. Use uma pasta partilhada, ou divida-o.", "The file is larger than what can be transferred here. Use a shared folder, or split it."),
        [ReasonCode.DriveFull] = ("Não há espaço na unidade Portal deste ambiente de trabalho. Mova ou apague ficheiros que lá estejam.", "There is no space in this desktop's Portal drive. Move or delete files that are in it."),
        [ReasonCode.TooManyFiles] = ("Já estão a ser transferidos ficheiros a mais. Espere que um termine.", "Too many files are being transferred already. Wait until one has ended."),
        [ReasonCode.FileChanged] = ("O ficheiro mudou enquanto era transferido. Tente de novo.", "The file changed while it was transferred. Try again."),
        [ReasonCode.DriveNotTaken] = ("O ambiente de trabalho ainda não ligou a unidade Portal, ou não a sabe ligar. Tente de novo dentro de momentos.", "The desktop has not connected the Portal drive yet, or cannot. Try again in a moment."),
        [ReasonCode.PrintFailed] = ("O documento impresso não pôde ser convertido em PDF.", "The printed document could not be turned into a PDF."),
        [ReasonCode.ImageDamaged] = ("A imagem-base deste conjunto está danificada no anfitrião e está a ser reposta. A equipa de informática foi avisada.", "The golden image of this pool is damaged on its host and is being brought anew. Your IT team has been told."),
        [ReasonCode.ImageRefused] = ("Este disco não pode ser usado como imagem-base.", "This disk cannot become a golden image."),
        [ReasonCode.ImportIncomplete] = ("O ficheiro ainda não chegou inteiro, ou chegou diferente do que foi enviado.", "The file has not arrived whole, or not as it was sent."),
        [ReasonCode.TooManyImports] = ("Já há demasiados ficheiros a ser enviados. Espere por um deles ou cancele-o.", "Too many files are being sent already. Wait for one of them, or cancel it."),
        [ReasonCode.MachineRunning] = ("A máquina está ligada. Desligue-a primeiro.", "The machine is running. Shut it down first."),
        [ReasonCode.ImageNotSealable] = ("Não foi possível retirar desta imagem as chaves e identidades da máquina original.", "The keys and identities of the original machine could not be taken out of this image."),
        [ReasonCode.RolloutRunning] = ("Já há uma publicação em curso neste conjunto. Espere que termine, ou reverta-a.", "A roll-out is already running in this pool. Wait until it ends, or roll it back."),
        [ReasonCode.RolloutOver] = ("Esta publicação já terminou.", "This roll-out is already over."),
        [ReasonCode.RolloutTooSlow] = ("O início de sessão com a nova versão é mais lento do que o permitido.", "Logging on to the new version is slower than allowed."),
        [ReasonCode.RolloutProbeLost] = ("O início de sessão de teste perdeu-se várias vezes a meio. Verifique as gateways e publique de novo.", "The test log-on was lost on its way several times. Check the gateways and publish again."),
        [ReasonCode.RolloutNoGateway] = ("A publicação espera por uma gateway para o início de sessão de teste.", "The roll-out waits for a gateway to make its test log-on through."),
        [ReasonCode.RolloutKeepsReady] = ("A publicação espera por mais uma máquina pronta, para não ficar abaixo do mínimo.", "The roll-out waits for one more ready machine, so as not to go below the minimum."),
        [ReasonCode.RolloutWaitsForLogOff] = ("A publicação espera que as pessoas terminem a sessão nas máquinas com a versão anterior.", "The roll-out waits for people on machines of the old version to log off."),
        [ReasonCode.QuotaReached] = ("Já tem abertas todas as sessões que pode ter ao mesmo tempo. Termine uma das suas sessões e tente de novo.", "You have as many sessions open as you may have at once. End one of your sessions and try again."),
        [ReasonCode.PoolQuotaReached] = ("Este conjunto já tem todas as sessões que pode ter ao mesmo tempo. Fica na fila e entra assim que uma terminar.", "This pool has as many sessions open as it may have at once. You are in the queue and get in as soon as one ends."),
        [ReasonCode.PoolClosed] = ("Este ambiente de trabalho está fechado a esta hora. Volte à hora de abertura.", "This desktop is closed at this hour. Come back when it opens."),
        [ReasonCode.WaitingForWake] = ("O computador está a dormir e é acordado para si. Entra assim que responder.", "The computer is asleep and is being woken for you. You get in as soon as it answers."),
        [ReasonCode.ComputerDidNotWake] = ("O computador não acordou. Ligue-o no botão, se lá estiver, ou contacte a equipa de informática.", "The computer did not wake. Switch it on by its button if you are there, or contact your IT team."),
        [ReasonCode.HostNotLost] = ("O anfitrião responde, ou há máquinas nele que respondem: não está desligado. Para o esvaziar, ponha-o em manutenção.", "The host answers, or machines on it do: it is not switched off. To empty it, put it into maintenance."),
        [ReasonCode.NoHostSharesDisk] = ("O disco da sua máquina está num anfitrião que não responde, e nenhum outro o pode abrir. A equipa de informática foi avisada.", "The disk of your machine is on a host that does not answer, and no other host can open it. Your IT team has been told."),
        [ReasonCode.StorageDiffers] = ("Os anfitriões que partilham um armazenamento têm de o ter na mesma pasta. Use outro nome ou a mesma pasta.", "Hosts that share a storage must have it at the same path. Use another name or the same path."),
        [ReasonCode.WaitsForLogOff] = ("A máquina não pode mudar de anfitrião com a sessão aberta. Fica onde está até a pessoa terminar a sessão.", "The machine cannot change hosts while a session is open. It stays where it is until the person logs off."),
        [ReasonCode.SecondFactorNeeded] = ("A sua conta pede um segundo passo ao iniciar sessão, que aqui não é possível. Abra o ambiente de trabalho a partir do portal.", "Your account asks for a second step when you sign in, which is not possible here. Open the desktop from the portal."),
        [ReasonCode.CodeWrong] = ("O código não está correto. Veja se o escreveu bem; se é da aplicação, veja também se a hora do telemóvel está certa.", "The code is not right. See that you typed it well; if it is of the app, see that your phone's clock is right, too."),
        [ReasonCode.CodeUsed] = ("Este código já foi usado. Espere pelo seguinte, que aparece em menos de 30 segundos.", "This code has been used already. Wait for the next one, which appears within 30 seconds."),
        [ReasonCode.StepExpired] = ("Passou demasiado tempo, ou houve demasiadas tentativas. Inicie sessão de novo com a palavra-passe.", "Too much time has passed, or there were too many tries. Sign in again with your password."),
        [ReasonCode.SignInAgain] = ("Para mudar isto, inicie sessão de novo: assim se confirma que é o próprio.", "To change this, sign in again: it shows that it is you."),
        [ReasonCode.FactorMandatory] = ("Quem administra tem sempre um segundo fator. Adicione outro antes de remover este.", "Administrators always have a second factor. Add another before you remove this one."),
        [ReasonCode.FactorExists] = ("A sua conta já tem uma aplicação de autenticação. Remova-a antes de adicionar outra.", "Your account has an authenticator app already. Remove it before you add another."),
        [ReasonCode.PasskeyRefused] = ("A chave de acesso não foi aceite. Tente de novo, ou use outro meio.", "The passkey was not accepted. Try again, or use another way."),
        [ReasonCode.PasskeyUnknown] = ("Esta chave de acesso não está registada aqui, ou foi removida. Use outra, ou outro meio.", "This passkey is not registered here, or was removed. Use another one, or another way."),
        [ReasonCode.PasskeysOff] = ("Aqui não se usam chaves de acesso: a equipa de informática ainda não indicou o endereço para elas.", "Passkeys are not in use here: your IT team has not named the address for them yet."),
        [ReasonCode.LeftQueue] = ("Saiu da fila. Ligue de novo quando quiser.", "You have left the queue. Connect again whenever you like."),
        [ReasonCode.NotAssignable] = ("Esta máquina não pode ser atribuída: só uma máquina livre de um conjunto dedicado, e só uma a cada pessoa.", "This machine cannot be assigned: only a free machine of a dedicated pool, and only one for each person."),
        [ReasonCode.GroupQuotaReached] = ("O seu grupo já tem abertas todas as sessões que pode ter ao mesmo tempo. Tente de novo quando um colega terminar a sua.", "Your group has as many sessions open as it may have at once. Try again when a colleague has ended one."),
    };

    /// <summary>The sentence in the language of <paramref name="culture"/>: Portuguese for pt, else English.</summary>
    public static string Sentence(ReasonCode code, CultureInfo culture)
    {
        var (pt, en) = Sentences.TryGetValue(code, out var both) ? both : Sentences[ReasonCode.Internal];
        return culture.TwoLetterISOLanguageName == "pt" ? pt : en;
    }

    /// <summary>The public name of a code as scripts see it, for example <c>TICKET_USED</c>.</summary>
    public static string Name(ReasonCode code) =>
        ReasonReflection.Descriptor.EnumTypes.Single(e => e.Name == nameof(ReasonCode)).FindValueByNumber((int)code)?.Name ?? "INTERNAL";

    /// <summary>Every code that has sentences; a test compares it with the whole list.</summary>
    public static IReadOnlyCollection<ReasonCode> Covered => Sentences.Keys;
}
