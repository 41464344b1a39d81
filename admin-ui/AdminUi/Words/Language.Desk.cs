namespace Montalegre.Vdi.AdminUi.Words;

// Saved views of tables, and notes about people.
internal sealed partial class Language
{
    public string ViewsWord => Pick("Vistas", "Views");
    public string NoViews => Pick("Ainda não guardou nenhuma vista desta página.", "You have saved no view of this page yet.");
    public string ViewName => Pick("Guardar este filtro e esta ordem como", "Save this filter and order as");
    public string SaveView => Pick("Guardar vista", "Save view");
    public string ViewSaved(string name) => Pick($"A vista {name} foi guardada.", $"The view {name} was saved.");
    public string ViewDeleted(string name) => Pick($"A vista {name} foi eliminada.", $"The view {name} was deleted.");

    public string NotesWord => Pick("Notas do apoio", "Help-desk notes");
    public string NewNote => Pick("Nova nota", "New note");
    public string NoteStays => Pick("Fica com o seu nome e a hora, e não se pode mudar.", "It is kept with your name and the time, and cannot be changed.");
    public string AddNote => Pick("Acrescentar nota", "Add note");
    public string NoteAdded => Pick("A nota foi acrescentada.", "The note was added.");
    public string NoNotes => Pick("Ainda não há notas.", "There are no notes yet.");
}
