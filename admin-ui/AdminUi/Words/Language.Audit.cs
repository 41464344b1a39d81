using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Words;

// The seal of the audit record, and names that were erased from it.
internal sealed partial class Language
{
    public string VerifyAudit => Pick("Verificar o registo", "Verify the record");
    public string ErasedName => Pick("(nome apagado)", "(name erased)");
    public string KeepHead => Pick("Último selo. Guarde-o noutro lugar: com ele prova-se que o registo não foi encurtado.", "Newest head. Keep it somewhere else: it proves that the record was not shortened.");
    public string AuditNotGenuineHelp => Pick("O registo não está como foi selado. Guarde uma cópia da base de dados e compare com a última exportação.", "The record is not as it was sealed. Keep a copy of the database and compare with the last export.");

    public string ExportAudit => Pick("Exportar o registo", "Export the record");
    public string ExportAuditHint => Pick("Um ficheiro com uma linha JSON por registo e os selos, que se verifica sem rede com «montalegre audit verify». Vão os registos selados nestes dias; vazio: desde o primeiro, ou até ao último.", "A file of one line of JSON an entry, with the seals; \"montalegre audit verify\" verifies it without a network. It holds what was sealed on these days; empty: from the first, or to the last.");
    public string FromDay => Pick("Desde o dia", "From day");
    public string ToDay => Pick("Até ao dia", "To day");
    public string DaysTurned => Pick("O primeiro dia tem de vir antes do último.", "The first day has to come before the last.");
    public string ErasePerson => Pick("Apagar os dados da pessoa", "Erase the person's data");
    public string ErasePersonTitle(string person) => Pick($"Apagar para sempre os dados de {person}?", $"Erase the data of {person} for good?");
    public string EraseWord => Pick("Apagar para sempre", "Erase for good");
    public string EraseTouchesAudit => Pick("No registo de auditoria, os nomes e endereços desta pessoa ficam ilegíveis. O que aconteceu fica, e o registo continua a verificar-se.", "In the audit record, names and addresses of this person become unreadable. What happened stays, and the record still verifies.");
    public string EraseTouchesAccount => Pick("A conta perde os nomes, a palavra-passe e os segundos fatores.", "The account loses its names, its password and its second factors.");
    public string EraseTouchesNotes => Pick("As notas do apoio sobre esta pessoa e as vistas que guardou são eliminadas.", "The help desk's notes about this person and the saved views are deleted.");
    public string EraseLeaves => Pick("As máquinas pessoais e os ficheiros nelas ficam: trate deles antes.", "Personal machines and the files on them stay: see to them first.");
    public string EraseLeavesCopies => Pick("Exportações e cópias de segurança anteriores ainda têm os nomes.", "Exports and backups from before still hold the names.");
    public string EraseTypeName(string user) => Pick($"Escreva {user} para confirmar", $"Type {user} to confirm");
    public string EraseNameDiffers => Pick("Não é o nome de utilizador desta pessoa.", "This is not the person's user name.");
    public string EraseNeedsDisabled => Pick("A conta está ativa. Só se apaga quem já saiu: desative o utilizador primeiro.", "The account is enabled. Only somebody who has left is erased: disable the user first.");
    public string PersonErased(string user) => Pick($"Os dados de {user} foram apagados.", $"The data of {user} were erased.");

    public string VerifiedUntilNow(ulong batches, ulong all) => string.Format(Culture, Pick("{0:N0} de {1:N0} blocos", "{0:N0} of {1:N0} batches"), batches, all);

    public string AuditGenuine(ulong batches, ulong entries) => string.Format(Culture,
        Pick("O registo está como foi selado: {0:N0} blocos, {1:N0} registos.", "The record is as it was sealed: {0:N0} batches, {1:N0} entries."), batches, entries);

    public string AuditNotGenuine(ulong batch, long entry, AuditFault fault) => string.Format(Culture,
        entry == 0 ? Pick("Primeiro bloco errado: {0}. {2}.", "First bad batch: {0}. {2}.") : Pick("Primeiro bloco errado: {0}, registo {1}. {2}.", "First bad batch: {0}, entry {1}. {2}."), batch, entry, FaultOf(fault));

    private string FaultOf(AuditFault fault) => fault switch
    {
        AuditFault.BatchMissing => Pick("Falta o bloco", "The batch is missing"),
        AuditFault.ChainBroken => Pick("Não segue o bloco anterior", "It does not follow from the batch before"),
        AuditFault.SignatureWrong => Pick("A assinatura não está certa", "The signature is wrong"),
        AuditFault.EntryChanged => Pick("O registo foi alterado", "The entry was changed"),
        AuditFault.EntryMissing => Pick("O registo foi retirado", "The entry was taken out"),
        AuditFault.RootWrong => Pick("Os registos não são os que foram selados", "The entries are not those that were sealed"),
        AuditFault.EntryUnsealed => Pick("Há um registo que não foi selado", "An entry is there that was not sealed"),
        AuditFault.KeyUnknown => Pick("A chave que assinou não é conhecida", "The key that signed is not known"),
        AuditFault.Shortened => Pick("O registo foi encurtado", "The record was shortened"),
        _ => fault.ToString(),
    };
}
