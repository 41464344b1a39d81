namespace Montalegre.Vdi.AdminUi.Words;

// One action on many rows of a table.
internal sealed partial class Language
{
    public string ChooseRows => Pick("Escolher", "Choose");
    public string ChooseRow(string name) => Pick($"Escolher {name}", $"Choose {name}");
    public string ChooseAll(int n) => Pick($"Todas as {n.ToString("N0", Culture)}", $"All {n.ToString("N0", Culture)}");
    public string ChooseNone => Pick("Nenhuma", "None");
    public string RowsChosen(int n) => Count(n, "{0:N0} escolhida", "{0:N0} escolhidas", "{0:N0} chosen", "{0:N0} chosen");
    public string BulkTitle(string action, int n) => $"{action}: {Count(n, "{0:N0} linha", "{0:N0} linhas", "{0:N0} row", "{0:N0} rows")}";
    public string BulkNames(IReadOnlyList<string> names, int more) => string.Join(", ", names) + (more == 0 ? "." : Count(more, " e mais {0:N0}.", " e mais {0:N0}.", " and {0:N0} more.", " and {0:N0} more."));
    public string BulkLeft(int n) => Count(n, "{0:N0} das escolhidas fica como está: já está assim, ou não tem permissão para ela.", "{0:N0} das escolhidas ficam como estão: já estão assim, ou não tem permissão para elas.", "{0:N0} of those chosen stays as it is: it is so already, or you may not change it.", "{0:N0} of those chosen stay as they are: they are so already, or you may not change them.");
    public string BulkFitsNone(string action) => Pick($"{action}: nada a fazer nas escolhidas. Já estão assim, ou não tem permissão para elas.", $"{action}: nothing to do for those chosen. They are so already, or you may not change them.");
    public string BulkState(int done, int refused, int all) =>
        Count(done, "{0:N0} pedido aceite", "{0:N0} pedidos aceites", "{0:N0} accepted", "{0:N0} accepted")
        + Count(refused, ", {0:N0} recusado", ", {0:N0} recusados", ", {0:N0} refused", ", {0:N0} refused")
        + (all - done - refused is > 0 and var left ? Count(left, ", {0:N0} por fazer.", ", {0:N0} por fazer.", ", {0:N0} not done.", ", {0:N0} not done.") : ".");
    public string BulkRefused => Pick("Recusados", "Refused");
    public string BulkStop => Pick("Parar", "Stop");
    public string BulkDrainTouches => Pick("As máquinas deixam de ser oferecidas; as sessões que lá estiverem continuam e podem ser retomadas.", "The machines are no longer offered; sessions on them go on and may reconnect.");
    public string BulkAcceptTouches => Pick("As máquinas voltam a ser oferecidas a novos utilizadores.", "The machines are offered to new users again.");
    public string BulkRestartTouches => Pick("As máquinas reiniciam; as sessões abertas nelas terminam e o trabalho não guardado perde-se.", "The machines restart; open sessions on them end and unsaved work is lost.");
    public string BulkDisconnectTouches => Pick("As ligações fecham-se; as sessões continuam e podem ser retomadas de qualquer equipamento.", "The connections close; the sessions stay and can be joined again from any endpoint.");
    public string BulkLogOffTouches => Pick("As sessões terminam e os programas fecham.", "The sessions end and their programs close.");
    public string PeopleAffected(int n) => n == 0 ? AffectsNobody : Count(n, "Afeta {0:N0} pessoa.", "Afeta {0:N0} pessoas.", "It affects {0:N0} person.", "It affects {0:N0} people.");
    public string SessionsNumber(int n) => Count(n, "{0:N0} sessão", "{0:N0} sessões", "{0:N0} session", "{0:N0} sessions");
}
