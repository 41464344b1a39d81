using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Words;

// The seal of the audit record, and names that were erased from it.
internal sealed partial class Language
{
    public string VerifyAudit => Pick("Verificar o registo", "Verify the record");
    public string ErasedName => Pick("(nome apagado)", "(name erased)");
    public string KeepHead => Pick("Último selo. Guarde-o noutro lugar: com ele prova-se que o registo não foi encurtado.", "Newest head. Keep it somewhere else: it proves that the record was not shortened.");
    public string AuditNotGenuineHelp => Pick("O registo não está como foi selado. Guarde uma cópia da base de dados e compare com a última exportação.", "The record is not as it was sealed. Keep a copy of the database and compare with the last export.");

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
