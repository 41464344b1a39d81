using System.Globalization;
using Google.Protobuf.WellKnownTypes;

namespace Montalegre.Vdi.AdminUi.Words;

// What employees see on the portal besides desktops.
internal sealed partial class Language
{
    public string PortalWord => Pick("Portal", "Portal");
    public string PortalHint => Pick("O que os colaboradores veem no portal além dos ambientes de trabalho.", "What employees see on the portal besides their desktops.");
    public string AnnouncementsWord => Pick("Avisos", "Announcements");
    public string NoAnnouncements => Pick("Nenhum aviso. Crie um para anunciar, por exemplo, uma manutenção.", "No announcement. Create one to tell, for example, of maintenance.");
    public string AddAnnouncement => Pick("Criar aviso", "Create announcement");
    public string EditAnnouncement => Pick("Mudar aviso", "Change announcement");
    public string AnnouncementEffect => Pick("Todos os colaboradores o veem no portal durante esse tempo.", "Every employee sees it on the portal during that time.");
    public string AnnouncementSaved => Pick("O aviso foi guardado.", "The announcement was saved.");
    public string AnnouncementDeleted => Pick("O aviso foi eliminado.", "The announcement was deleted.");
    public string DeleteAnnouncementQuestion => Pick("Eliminar este aviso?", "Delete this announcement?");
    public string DeleteAnnouncementTouches => Pick("Deixa de aparecer no portal de imediato.", "It is gone from the portal at once.");
    public string TextInPortuguese => Pick("Texto em português", "Text in Portuguese");
    public string TextInEnglish => Pick("Texto em inglês", "Text in English");
    public string OneLanguageIsEnough => Pick("Uma das línguas basta: é mostrada a quem usa a outra.", "One language is enough: it is shown to readers of the other.");
    public string UrgentWord => Pick("Urgente: aparece primeiro e destacado", "Urgent: comes first and stands out");
    public string UrgentShort => Pick("Urgente", "Urgent");
    public string ShownWord => Pick("Mostrado", "Shown");
    public string ShownFrom => Pick("Mostrar a partir de", "Show from");
    public string ShownUntil => Pick("Mostrar até", "Show until");
    public string LeaveEmptyForNow => Pick("Vazio: desde já", "Empty: from now on");
    public string LeaveEmptyForEver => Pick("Vazio: até ser eliminado", "Empty: until it is deleted");
    public string ShownNow => Pick("Agora", "Now");
    public string ShownLater(string from) => Pick($"A partir de {from}", $"From {from}");
    public string ShownUntilTime(string until) => Pick($"Até {until}", $"Until {until}");
    public string ShownNoMore => Pick("Já não", "No longer");
    public string WrongTime => Pick("Data e hora como 31/12/2026 18:00.", "Date and time such as 31/12/2026 18:00.");
    public string WrongText => Pick("Escreva o texto numa das línguas.", "Write the text in one of the languages.");
    public string LinksWord => Pick("Outros serviços", "Other services");
    public string NoLinks => Pick("Nenhum atalho. Acrescente, por exemplo, a gestão documental ou os formulários.", "No link. Add, for example, document management or the forms.");
    public string AddLink => Pick("Acrescentar atalho", "Add link");
    public string EditLink => Pick("Mudar atalho", "Change link");
    public string LinkEffect => Pick("Todos os colaboradores o veem no portal, por baixo dos ambientes de trabalho.", "Every employee sees it on the portal, below the desktops.");
    public string LinkSaved => Pick("O atalho foi guardado.", "The link was saved.");
    public string LinkDeleted => Pick("O atalho foi eliminado.", "The link was deleted.");
    public string DeleteLinkQuestion(string name) => Pick($"Eliminar o atalho {name}?", $"Delete the link {name}?");
    public string NameInPortuguese => Pick("Nome em português", "Name in Portuguese");
    public string NameInEnglish => Pick("Nome em inglês", "Name in English");
    public string DescriptionInPortuguese => Pick("Descrição em português", "Description in Portuguese");
    public string DescriptionInEnglish => Pick("Descrição em inglês", "Description in English");
    public string WebAddress => Pick("Endereço", "Address");
    public string WrongWebAddress => Pick("Um endereço que comece por https:// ou http://", "An address that begins with https:// or http://");
    public string PositionWord => Pick("Posição", "Position");
    public string DeleteWord => Pick("Eliminar", "Delete");
    public string ChangeWord => Pick("Mudar", "Change");
    public string ChangeOf(string what) => Pick($"Mudar: {what}", $"Change: {what}");
    public string DeleteOf(string what) => Pick($"Eliminar: {what}", $"Delete: {what}");
    public string DayAndHour(Timestamp at) => at.ToDateTimeOffset().ToLocalTime().ToString("dd/MM/yyyy HH:mm", CultureInfo.InvariantCulture);

    /// <summary>What IT wrote in both languages, in this one; in the other when this one was left empty.</summary>
    public string OfBoth(string portuguese, string english) => Pick(portuguese, english) is { Length: > 0 } own ? own : portuguese + english;
}
