using System.Globalization;
using System.Security.Cryptography;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.AuditTrail;

namespace Montalegre.Vdi.Cli;

internal static class AuditCommands
{
    /// <summary>Something in the record is not as it was sealed.</summary>
    public const int NotGenuine = 4;

    public static Command[] All { get; } =
    [
        new("audit", "[--limit n] [--object <id>] [--person <id>] [--before <number>]", "registo de auditoria, do mais recente", "audit record, newest first", ListAsync),
        new("audit export", "<file> [--from <time>] [--to <time>]", "guarda o registo selado num ficheiro que se prova a si próprio", "write the sealed record to a file that proves itself", ExportAsync),
        new("audit verify", "[<file>] [--key <file>] [--head <hash>]", "verifica um ficheiro sem rede, ou o registo do serviço", "verify a file without a network, or the broker's own record", VerifyAsync),
        new("audit keys", "", "chaves públicas que assinam o registo (PEM)", "public keys that sign the record (PEM)", KeysAsync),
    ];

    public static void Table(Screen s, IMessage whole, IEnumerable<AuditEvent> events) => s.Table(whole, events,
        ("N.", e => $"{e.AuditId}"),
        (s.Words("QUANDO", "WHEN"), e => Screen.Time(e.At)),
        (s.Words("QUEM", "WHO"), e => e.Actor.Length == 0 && e.Erased ? s.Words("(apagado)", "(erased)") : e.Actor),
        (s.Words("AÇÃO", "ACTION"), e => e.Action),
        (s.Words("OBJETO", "OBJECT"), e => $"{e.ObjectKind} {e.ObjectName}".Trim()),
        (s.Words("RESULTADO", "OUTCOME"), e => e.Outcome),
        (s.Words("DE", "FROM"), e => e.SourceAddress),
        (s.Words("REFERÊNCIA", "REFERENCE"), e => e.Reference));

    private static async Task<int> ListAsync(Invocation call)
    {
        call.Line.Take(1, 0, 0);
        var request = new ListAuditRequest { Limit = call.Line.Number("limit", 50), Before = call.Line.Number("before", 0), ObjectId = call.Line.Option("object") ?? "", PersonId = call.Line.Option("person") ?? "" };
        var answer = await new Audit.AuditClient(call.Calls).ListAsync(request, call.AsAdministrator);
        Table(call.Screen, answer, answer.Events);
        return 0;
    }

    private static async Task<int> ExportAsync(Invocation call)
    {
        var file = call.Line.Take(2, 1, 1)[0];
        var request = new ExportAuditRequest { From = TimeOf(call, "from"), To = TimeOf(call, "to") };
        using var export = new Audit.AuditClient(call.Calls).Export(request, call.AsAdministrator);
        var lines = await LinesToFile.WriteAsync(file, export.ResponseStream.ReadAllAsync(call.Ct).Select(some => some.Lines.AsEnumerable()), call.Ct);
        call.Screen.Result(call.Screen.Words($"{lines} linhas em {file}", $"{lines} lines in {file}"));
        return 0;
    }

    private static async Task<int> VerifyAsync(Invocation call)
    {
        var words = call.Line.Take(2, 0, 1);
        if (words.Length == 0) return await VerifyBrokerAsync(call);
        if (!File.Exists(words[0])) throw new UsageException(words[0]);
        var key = call.Line.Option("key") is { } named ? KeyOf(named) : null;
        var report = AuditFileVerifier.Run(File.ReadLines(words[0]), key, HeadOf(call.Line));
        var s = call.Screen;
        if (report.BadLine > 0)
        {
            s.Result(s.Words($"A linha {report.BadLine} não é de um registo de auditoria", $"Line {report.BadLine} is none of an audit record"));
            return NotGenuine;
        }
        if (key is null) s.Say($"Chave do próprio ficheiro, não confirmada: {string.Join(", ", report.Keys)}", $"Key of the file itself, not confirmed: {string.Join(", ", report.Keys)}");
        if (report.First > 1) s.Say($"O ficheiro começa no bloco {report.First}; o que está antes não foi visto", $"The file begins with batch {report.First}; what is before it was not looked at");
        return Say(s, report.Finding, report.Batches, report.Entries, report.Head is { } head ? Convert.ToHexStringLower(head.Hash()) : "");
    }

    private static async Task<int> VerifyBrokerAsync(Invocation call)
    {
        using var verification = new Audit.AuditClient(call.Calls).Verify(new(), call.AsAdministrator);
        var last = new AuditVerification();
        await foreach (var now in verification.ResponseStream.ReadAllAsync(call.Ct)) last = now;
        if (!last.Done) throw new RpcException(new Grpc.Core.Status(StatusCode.Unavailable, "the verification broke off"));
        return Say(call.Screen, last.Fault is AuditFault.Unspecified ? null : new(last.Fault, (long)last.FaultBatch, last.FaultEntry), (long)last.Batches, (long)last.Entries, last.Head);
    }

    private static int Say(Screen s, AuditFinding? finding, long batches, long entries, string head)
    {
        if (finding is null)
        {
            s.Result(s.Words($"Verificado: {batches} blocos, {entries} registos. Último selo: {head}", $"Verified: {batches} batches, {entries} entries. Newest head: {head}"));
            return 0;
        }
        var entry = finding.Entry == 0 ? "" : s.Words($", registo {finding.Entry}", $", entry {finding.Entry}");
        s.Result(s.Words($"Primeiro bloco errado: {finding.Batch}{entry}: {Screen.Word(finding.Fault, "")}", $"First bad batch: {finding.Batch}{entry}: {Screen.Word(finding.Fault, "")}"));
        return NotGenuine;
    }

    private static async Task<int> KeysAsync(Invocation call)
    {
        call.Line.Take(2, 0, 0);
        var answer = await new Audit.AuditClient(call.Calls).KeysAsync(new(), call.AsAdministrator);
        if (call.Screen.Json) call.Screen.Message(answer);
        else foreach (var key in answer.Keys) call.Screen.Result(key.Pem);
        return 0;
    }

    internal static Timestamp? TimeOf(Invocation call, string option) =>
        call.Line.Option(option) is not { } text ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var time) ? time.ToTimestamp() : throw new UsageException($"--{option} {text}");

    private static byte[] KeyOf(string file)
    {
        if (!File.Exists(file)) throw new UsageException($"--key {file}");
        using var key = ECDsa.Create();
        try { key.ImportFromPem(File.ReadAllText(file)); }
        catch (Exception e) when (e is ArgumentException or CryptographicException) { throw new UsageException($"--key {file}"); }
        return key.ExportSubjectPublicKeyInfo();
    }

    private static byte[]? HeadOf(CommandLine line)
    {
        if (line.Option("head") is not { } text) return null;
        try { return Convert.FromHexString(text); }
        catch (FormatException) { throw new UsageException($"--head {text}"); }
    }
}
