using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Words;

// Looking at, or controlling, the desktop of somebody who allowed it.
internal sealed partial class Language
{
    public string AssistanceWord => Pick("Acompanhar sessão (com autorização)", "Assist (with consent)");
    public string AssistanceHint => Pick(
        "A pessoa lê o pedido no ecrã e tem de o autorizar. Enquanto dura, vê sempre quem está a acompanhar e pode terminar a qualquer momento. Tudo fica no registo de auditoria.",
        "The person is asked on screen and has to allow it. While it lasts they always see who is there, and may end it at any moment. All of it is in the audit log.");
    public string AskToAssist => Pick("Pedir para acompanhar", "Ask to assist");
    public string AskTitle(string person) => Pick($"Pedir a {person} para acompanhar a sessão", $"Ask {person} to let you assist");
    public string AskLook => Pick("Só ver", "Look only");
    public string AskLookHint => Pick("Vê o ecrã; não pode usar rato nem teclado.", "You see the screen; mouse and keyboard do nothing.");
    public string AskControl => Pick("Ver e comandar", "Look and control");
    public string AskControlHint => Pick("Rato e teclado funcionam, ao lado dos da pessoa.", "Mouse and keyboard work, beside the person's own.");
    public string AskHow => Pick("O que pede", "What you ask for");
    public string AskWhy => Pick("Motivo", "Reason");
    public string AskWhyHint => Pick("A pessoa lê este texto no ecrã; fica também na auditoria.", "The person reads this on screen; it also stands in the audit log.");
    public string WrongWhy => Pick("Escreva um motivo, de 3 a 200 caracteres.", "Write a reason of 3 to 200 characters.");
    public string AskSend => Pick("Pedir", "Ask");
    public string AssistanceAsked(string person, bool control) => control
        ? Pick($"À espera da resposta de {person} ao pedido para ver e comandar. Sem resposta em cerca de um minuto, conta como não.", $"Waiting for {person} to answer your question to look and control. No answer within about a minute is a no.")
        : Pick($"À espera da resposta de {person} ao pedido para ver. Sem resposta em cerca de um minuto, conta como não.", $"Waiting for {person} to answer your question to look. No answer within about a minute is a no.");
    public string AssistanceAskedBy(string administrator, string person) => Pick($"{administrator} pediu para acompanhar; à espera da resposta de {person}.", $"{administrator} has asked to assist; waiting for {person} to answer.");
    public string AssistanceGranted(string person) => Pick($"{person} autorizou. Abra o ambiente de trabalho nos próximos dois minutos.", $"{person} allowed it. Open the desktop within the next two minutes.");
    public string AssistanceGrantedTo(string administrator, string person) => Pick($"{person} autorizou {administrator} a acompanhar.", $"{person} allowed {administrator} to assist.");
    public string AssistanceRuns(string administrator, bool control) => control
        ? Pick($"{administrator} está a ver e a comandar esta sessão.", $"{administrator} is looking at and controlling this session.")
        : Pick($"{administrator} está a ver esta sessão.", $"{administrator} is looking at this session.");
    public string OpenDesktop => Pick("Abrir o ambiente de trabalho", "Open the desktop");
    public string OpenDesktopAgain => Pick("Abrir de novo", "Open again");
    public string OpensInNewTab => Pick("abre num separador novo", "opens in a new tab");
    public string WithdrawQuestion => Pick("Retirar o pedido", "Take the question back");
    public string EndAssistance => Pick("Terminar a assistência", "End the assistance");
    public string AssistanceEndedDone => Pick("A assistência terminou.", "The assistance is over.");
    public string LastAssistance => Pick("Última vez", "Last time");
    public string AssistanceReason(string reason) => Pick($"Motivo: {reason}", $"Reason: {reason}");

    /// <summary>How an assistance that is over came out.</summary>
    public string AssistanceResult(AssistanceCase over, string person) => over.State switch
    {
        AssistanceState.Denied => Pick($"{person} recusou o pedido de {over.Administrator}.", $"{person} refused {over.Administrator}'s question."),
        AssistanceState.Expired => Pick($"{person} não respondeu ao pedido de {over.Administrator}.", $"{person} did not answer {over.Administrator}'s question."),
        _ when over.BeganAt is null => Pick($"O pedido de {over.Administrator} terminou sem ser aberto: {AssistanceEnd(over.EndReason)}.", $"{over.Administrator}'s question ended without being opened: {AssistanceEnd(over.EndReason)}."),
        _ => Pick($"{over.Administrator} acompanhou durante {Span(over.EndedAt.ToDateTime() - over.BeganAt.ToDateTime())}; terminou porque {AssistanceEnd(over.EndReason)}.", $"{over.Administrator} assisted for {Span(over.EndedAt.ToDateTime() - over.BeganAt.ToDateTime())}; it ended because {AssistanceEnd(over.EndReason)}."),
    };

    public string AssistanceEnd(string reason) => reason switch
    {
        "person" => Pick("a pessoa terminou", "the person ended it"),
        "administrator" => Pick("um administrador terminou", "an administrator ended it"),
        "session" => Pick("a sessão terminou", "the session ended"),
        "connection" => Pick("o ambiente de trabalho deixou de estar aberto no navegador", "the desktop was no longer open in the browser"),
        "sign_in" => Pick("o administrador saiu da consola", "the administrator left the console"),
        "right" => Pick("o administrador deixou de ter esse direito", "the administrator no longer had the right"),
        "no_answer" => Pick("não houve resposta", "there was no answer"),
        "not_opened" => Pick("não foi aberto a tempo", "it was not opened in time"),
        "viewer_left" => Pick("o administrador fechou a página", "the administrator closed the page"),
        "gateway" => Pick("a gateway perdeu o contacto com o serviço de ligações", "the gateway lost contact with the broker"),
        _ => reason,
    };

    private string? AssistanceAction(string action) => action switch
    {
        "assistance.asked" => Pick("Pediu para acompanhar", "Asked to assist"),
        "assistance.granted" => Pick("Autorizou a assistência", "Allowed the assistance"),
        "assistance.denied" => Pick("Recusou a assistência", "Refused the assistance"),
        "assistance.expired" => Pick("Pedido de assistência sem resposta", "Question to assist not answered"),
        "assistance.began" => Pick("Começou a acompanhar", "Began to assist"),
        "assistance.reopened" => Pick("Voltou a abrir a assistência", "Opened the assistance again"),
        "assistance.ended" => Pick("Assistência terminou", "Assistance ended"),
        "assistance.refused" => Pick("Bilhete de assistência recusado", "Assistance ticket refused"),
        _ => null,
    };

    /// <summary>What the audit row of an assistance says besides: look or control with the reason, or why it ended and after how many seconds.</summary>
    public string AssistanceDetail(string action, string reference)
    {
        if (!action.StartsWith("assistance.", StringComparison.Ordinal) || reference.Length == 0) return "";
        if (action is "assistance.ended" or "assistance.expired")
        {
            var parts = reference.Split(' ');
            var seconds = parts.Length == 2 && int.TryParse(parts[1], out var s) ? s : 0;
            return seconds == 0 ? AssistanceEnd(parts[0]) : $"{AssistanceEnd(parts[0])} · {Span(TimeSpan.FromSeconds(seconds))}";
        }
        var (what, rest) = reference.IndexOf(": ", StringComparison.Ordinal) is > 0 and var at ? (reference[..at], reference[(at + 2)..]) : (reference, "");
        var how = what == "control" ? AskControl : AskLook;
        return rest.Length > 0 ? $"{how} · {rest}" : how;
    }
}
