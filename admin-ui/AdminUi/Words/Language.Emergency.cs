using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Words;

// The emergency sign-in: by a code made on the server.
internal sealed partial class Language
{
    public string EmergencySignIn => Pick("Acesso de emergência", "Emergency sign-in");
    public string EmergencyLead => Pick(
        "Para quando ninguém consegue entrar de outra forma. O código cria-se no servidor, com este comando; vale uma vez e durante 15 minutos.",
        "For when nobody can sign in otherwise. The code is made on the server, by this command; it works once and for 15 minutes.");
    public string EmergencyCode => Pick("Código de emergência", "Emergency code");
    public string EmergencySeen => Pick(
        "Entra como administrador durante uma hora. Todos os administradores são avisados, e tudo fica no registo de auditoria.",
        "You enter as administrator for an hour. Every administrator is warned, and everything is in the audit record.");
    public string EmergencyAccount => Pick("Conta de emergência", "Emergency account");
    public string EmergencyAccountHint => Pick("Não é de ninguém e não tem palavra-passe: só entra com um código de emergência, feito na máquina do serviço de ligações. Tudo o que se faz com ela fica no registo de auditoria.", "It is nobody's and has no password: it comes in only with an emergency code, made on the broker's machine. All that is done with it stands in the audit record.");
    public string EmergencyOpen => Pick("Há um acesso de emergência aberto.", "An emergency sign-in is open.");
    public string EmergencyIsYours => Pick("Está num acesso de emergência.", "This is an emergency sign-in.");
    public string EmergencyWho(Emergency emergency) => Pick(
        $"Motivo: {emergency.Reason}. Desde as {TimeOfDay(emergency.Since.ToDateTimeOffset())}, a partir de {emergency.SourceAddress}; acaba às {TimeOfDay(emergency.ExpiresAt.ToDateTimeOffset())}.",
        $"Reason: {emergency.Reason}. Since {TimeOfDay(emergency.Since.ToDateTimeOffset())}, from {emergency.SourceAddress}; it ends at {TimeOfDay(emergency.ExpiresAt.ToDateTimeOffset())}.");
    public string EmergencyEnd => Pick("Terminar já", "End it now");
    public string EmergencyEndQuestion => Pick("Terminar o acesso de emergência?", "End the emergency sign-in?");
    public string EmergencyEndTouches => Pick("Quem o usa perde logo o acesso. O que já fez mantém-se.", "Whoever uses it loses access at once. What was done stays done.");
    public string EmergencyEndOwn => Pick("É o seu: perde logo o acesso. O que já fez mantém-se.", "It is yours: you lose access at once. What was done stays done.");
    public string EmergencyEnded => Pick("O acesso de emergência terminou.", "The emergency sign-in has ended.");

    private string? EmergencyAction(string action) => action switch
    {
        "break_glass.make" => Pick("Criou um código de emergência no servidor", "Made an emergency code on the server"),
        "break_glass.use" => Pick("Entrou com um código de emergência", "Signed in by an emergency code"),
        "break_glass.end" => Pick("Terminou um acesso de emergência", "Ended an emergency sign-in"),
        "secret_key.rotate" => Pick("Começou a trocar a chave dos segredos", "Began to rotate the key of the secrets"),
        "secret_key.rotated" => Pick("Trocou a chave dos segredos", "Rotated the key of the secrets"),
        _ => null,
    };
}
