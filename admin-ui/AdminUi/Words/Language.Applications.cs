namespace Montalegre.Vdi.AdminUi.Words;

// Published applications.
internal sealed partial class Language
{
    public string ApplicationsWord => Pick("Aplicações publicadas", "Published applications");
    public string NoApplications => Pick("Nenhuma aplicação publicada. Publique uma para que os colaboradores a abram sozinha, sem o ambiente de trabalho.", "No published application. Publish one so that employees open it alone, without the desktop.");
    public string PublishApplication => Pick("Publicar aplicação", "Publish application");
    public string PublishApplicationTitle(string pool) => Pick($"Publicar uma aplicação de {pool}", $"Publish an application of {pool}");
    public string ApplicationNameHint => Pick("Como aparece no portal", "As it appears on the portal");
    public string ApplicationWord => Pick("Aplicação", "Application");
    public string ByApplication => Pick("Por aplicação publicada", "By published application");
    public string WholeDesktop => Pick("Ambiente de trabalho", "Whole desktop");
    public string ApplicationOf(Contracts.Admin.V1.Session session) => session.Applications.Count > 0 ? string.Join(", ", session.Applications) : session.ApplicationName.Length > 0 ? session.ApplicationName : WholeDesktop;
    public string ProgramWord => Pick("Programa", "Program");
    public string ProgramHint => Pick("O caminho ou o nome na máquina, sem argumentos: /usr/bin/gedit", "The path or the name on the machine, without arguments: /usr/bin/gedit");
    public string ArgumentsWord => Pick("Argumentos", "Arguments");
    public string ArgumentsHint => Pick("Pode ficar vazio. Em Linux são lidos por uma shell.", "May be empty. On Linux they are read by a shell.");
    public string NarrowSwitch => Pick("Só para alguns grupos", "For some groups only");
    public string NoGroupsToNarrow => Pick("Ainda não há grupos. Crie um na página Grupos.", "There is no group yet. Make one on the Groups page.");
    public string ApplicationForAll => Pick("Para todos os que têm direito ao conjunto", "For all who have the right to the pool");
    public string ApplicationFor(IEnumerable<string> groups) => string.Join(", ", groups) is { Length: > 0 } names ? Pick($"Só para {names}", $"For {names} only") : Pick("Para ninguém: os grupos foram eliminados", "For nobody: the groups were deleted");
    public string ApplicationSessions(int sessions) => Count(sessions, "{0} sessão aberta", "{0} sessões abertas", "{0} open session", "{0} open sessions");
    public string ApplicationSessionsGoOn(int sessions) => sessions == 0 ? Pick("Ninguém a tem aberta agora.", "Nobody has it open now.")
        : Count(sessions, "{0} sessão aberta continua até a pessoa a terminar.", "{0} sessões abertas continuam até as pessoas as terminarem.", "{0} open session goes on until the person logs off.", "{0} open sessions go on until people log off.");
    public string ApplicationEffect(string pool) => Pick($"Quem tem direito a {pool} passa a vê-la no portal. Cada pessoa tem uma sessão de cada vez neste conjunto: uma aplicação ou o ambiente de trabalho.", $"Whoever has the right to {pool} sees it on the portal. Each person has one session at a time in this pool: an application or the desktop.");
    public string ApplicationChangeEffect => Pick("Vale para quem a abrir a partir de agora.", "It holds for whoever opens it from now on.");
    public string ApplicationSaved(string name) => Pick($"{name} está publicada.", $"{name} is published.");
    public string IconWord => Pick("Ícone", "Icon");
    public string IconOf(string name) => Pick($"Ícone de {name}", $"Icon of {name}");
    public string IconFile => Pick("Imagem PNG", "PNG picture");
    public string IconHint => Pick("De 16 a 512 píxeis de lado, quase quadrada, até 64 KiB. Sem imagem, o cartão mostra as letras do nome.", "16 to 512 pixels a side, nearly square, up to 64 KiB. Without a picture the card shows letters of the name.");
    public string IconTooLong => Pick("O ficheiro tem mais de 64 KiB. Escolha uma imagem mais pequena.", "The file is larger than 64 KiB. Choose a smaller picture.");
    public string IconEffect => Pick("Muda no portal de quem a pode abrir, na próxima vez que a página for pedida.", "It changes on the portal of whoever may open it, the next time the page is asked for.");
    public string IconSaved(string name) => Pick($"{name} tem um ícone novo.", $"{name} has a new icon.");
    public string IconRemoved(string name) => Pick($"{name} mostra as letras do nome.", $"{name} shows the letters of its name.");
    public string RemoveIcon => Pick("Retirar o ícone", "Remove the icon");
    public string RemoveApplication => Pick("Deixar de publicar", "Stop publishing");
    public string RemoveApplicationOf(string name) => Pick($"Deixar de publicar {name}", $"Stop publishing {name}");
    public string RemoveApplicationQuestion(string name, string pool) => Pick($"Deixar de publicar {name} de {pool}?", $"Stop publishing {name} of {pool}?");
    public string RemoveApplicationTouches => Pick("Desaparece do portal de imediato e ninguém a abre de novo.", "It is gone from the portal at once and nobody opens it again.");
    public string ApplicationRemoved(string name) => Pick($"{name} já não está publicada.", $"{name} is not published any more.");
}
