using System.Diagnostics;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Cli;

/// <summary>
/// Backups: their status by the API, and what is done on the broker's own machine by the broker's own program, as its user,
/// because it must also work when the broker does not.
/// </summary>
internal static class DatabaseCommands
{
    private const string Local = "[--state <directory>] [--broker <program>]";

    public static Command[] All { get; } =
    [
        new("backups", "", "estado das cópias de segurança", "how backups stand", StatusAsync),
        new("db backup", Local, "faz já uma cópia de segurança", "make a backup now", LocalAsync),
        new("db verify-backup", $"[<name>] {Local}", "restaura uma cópia à parte e verifica-a", "restore a backup aside and check it", LocalAsync),
        new("db restore", $"[<name>] [--at <time>] {Local}", "repõe uma cópia no lugar dos dados (serviço parado)", "put a backup in the place of the data (broker stopped)", LocalAsync),
        new("db upgrade", $"[--to <directory>] {Local}", "passa os dados para um PostgreSQL mais novo (serviço parado)", "move the data to a newer PostgreSQL (broker stopped)", LocalAsync),
        new("db rollback-upgrade", Local, "volta aos dados anteriores à passagem (serviço parado)", "go back to the data from before the upgrade (broker stopped)", LocalAsync),
        new("db rotate-key", $"[--to token|file] [--copied] {Local}", "nova chave dos segredos: volta a selar tudo com ela (continua se for interrompido)", "a new key for the secrets: seals everything anew with it (goes on when interrupted)", LocalAsync),
        new("db reset-factors", $"<user> {Local}", "retira os segundos fatores de quem já não pode entrar", "take the second factors of somebody away who cannot get in any more", LocalAsync),
        new("db break-glass", $"--reason <text> {Local}", "código de emergência: entra uma vez como administrador, sem diretório nem segundo fator", "an emergency code: signs in once as an administrator, without directory or second factor", LocalAsync),
        new("db promote-to-ha", $"--standby [<host>=]<directory> [--standby ...] [--primary <host>] [--confirm] {Local}", "copia os dados para servidores de reserva (serviço parado); --confirm: cada escrita espera por um", "copy the data to standbys (broker stopped); --confirm: every write waits for one", LocalAsync),
    ];

    private static async Task<int> StatusAsync(Invocation call)
    {
        call.Line.Take(1, 0, 0);
        var s = call.Screen;
        var status = await new Backups.BackupsClient(call.Calls).GetStatusAsync(new(), call.AsAdministrator);
        if (!status.Managed)
        {
            s.Done(status, "As cópias de segurança não são feitas aqui", "Backups are not made here");
            return 0;
        }
        s.Table(status, [status],
            (s.Words("ÚLTIMA", "LAST"), b => b.LastAt is null ? "-" : Screen.Time(b.LastAt)),
            ("MiB", b => $"{b.LastSizeBytes >> 20}"),
            (s.Words("CÓPIAS", "BACKUPS"), b => $"{b.Count}"),
            (s.Words("VERIFICADA", "VERIFIED"), b => b.VerifiedAt is null ? "-" : Screen.Time(b.VerifiedAt)),
            (s.Words("DIÁRIO ATÉ", "LOG UNTIL"), b => b.LogArchivedAt is null ? "-" : Screen.Time(b.LogArchivedAt)),
            (s.Words("PROBLEMA", "PROBLEM"), b => b.Problem));
        return status.Problem.Length == 0 ? 0 : 1;
    }

    private static async Task<int> LocalAsync(Invocation call)
    {
        var program = call.Line.Option("broker") ?? Environment.GetEnvironmentVariable("MONTALEGRE_BROKER") ?? throw new UsageException("--broker");
        var state = call.Line.Option("state") ?? Environment.GetEnvironmentVariable("MONTALEGRE_STATE") ?? throw new UsageException("--state");
        if (!File.Exists(program)) throw new UsageException($"--broker {program}");
        if (!Directory.Exists(state)) throw new UsageException($"--state {state}");
        List<string> command = [.. program.EndsWith(".dll", StringComparison.Ordinal) ? ["dotnet", program] : new[] { program }, .. call.Line.Words, $"--Hosting:StateDirectory={state}"];
        foreach (var name in new[] { "confirm", "copied" })
        {
            if (call.Line.Has(name)) command.Add($"--{name}");
        }
        foreach (var name in new[] { "at", "to", "standby", "primary", "reason" })
        {
            if (call.Line.Option(name) is { } value) command.Add($"--{name}={value}");
        }
        // The broker refuses root: the data belong to its user, and so must everything that is made beside them.
        if (Environment.IsPrivilegedProcess) command.InsertRange(0, await AsOwnerOfAsync(state, call.Ct));
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/env", command) { WorkingDirectory = "/" })!;
        await process.WaitForExitAsync(CancellationToken.None);   // Ctrl-C reaches it by the terminal, and it cleans up
        return process.ExitCode;
    }

    private static async Task<string[]> AsOwnerOfAsync(string directory, CancellationToken ct)
    {
        using var stat = Process.Start(new ProcessStartInfo("/usr/bin/stat", ["-c", "%u %g", directory]) { RedirectStandardOutput = true })!;
        var owner = (await stat.StandardOutput.ReadToEndAsync(ct)).Trim().Split(' ');
        await stat.WaitForExitAsync(ct);
        return ["setpriv", $"--reuid={owner[0]}", $"--regid={owner[1]}", "--clear-groups", "--"];
    }
}
