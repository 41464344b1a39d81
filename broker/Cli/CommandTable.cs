using Grpc.Core;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Cli;

/// <summary>A command: its name, what it takes, what it does, and how.</summary>
internal sealed record Command(string Name, string Takes, string Pt, string En, Func<Invocation, Task<int>> RunAsync)
{
    /// <summary>An option that the command does not take is a mistake, not a wish to ignore.</summary>
    public bool Knows(string option) =>
        option is "server" or "authority" or "json" or "api-key-file" || Takes.Split([' ', '[', ']', '|']).Contains($"--{option}");
}

/// <summary>All commands, and the one way to run one.</summary>
internal static class CommandTable
{
    // As wide as a terminal is at least.
    private const int Columns = 80;
    private const string Everywhere = "  --server https://host:7443  --authority ca.pem  --json  --api-key-file key";

    public static IReadOnlyList<Command> All { get; } =
    [
        .. SignInCommands.All, .. PoolCommands.All, .. ApplicationCommands.All, .. RolloutCommands.All, .. PowerCommands.All, .. MachineCommands.All, .. SessionCommands.All, .. LaunchCommand.All, .. LaunchesCommands.All, .. TaskCommands.All, .. UserCommands.All, .. AuditCommands.All, .. AlertCommands.All, .. AlertSettingsCommands.All, .. SettingCommands.All, .. ReportCommands.All, .. GroupCommands.All, .. DirectoryCommands.All, .. OidcCommands.All, .. CertificateCommands.All, .. RoleCommands.All, .. KeyCommands.All, .. InfrastructureCommands.All, .. SiteCommands.All, .. EndpointCommands.All, .. DatabaseCommands.All,
    ];

    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, Screen screen, IPasswords passwords, string savedFile, CancellationToken ct)
    {
        try
        {
            var line = CommandLine.Parse(arguments);
            screen.Json = line.Has("json");
            screen.Csv = line.Has("csv");
            if (line.Words.Count == 0) return List(screen);
            if (line.Words[0] == "help") return line.Words.Count == 1 ? List(screen) : Explain(screen, [.. line.Words.Skip(1)]);
            var command = Find(line);
            if (line.Has("help")) return Explain(screen, command?.Name.Split(' ') ?? [.. line.Words]);
            if (command is null) throw new UsageException(string.Join(' ', line.Words));
            if (line.Options.FirstOrDefault(option => !command.Knows(option)) is { } unknown) throw new UsageException($"--{unknown}");
            using var invocation = new Invocation(line, screen, passwords, savedFile, ct);
            return await command.RunAsync(invocation);
        }
        catch (UsageException e)
        {
            screen.Say($"Não se percebe: {e.Message}. Veja: montalegre help", $"Not understood: {e.Message}. See: montalegre help");
            return Failures.Usage;
        }
        catch (NotSignedInException)
        {
            return Failures.Say(screen, new Reason { Code = ReasonCode.SignInExpired });
        }
        catch (PasskeyOnlyException)
        {
            return Failures.Say(screen, new Reason { Code = ReasonCode.PasskeyNeedsBrowser });
        }
        catch (Exception e) when (ct.IsCancellationRequested && e is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled })
        {
            return 130;   // as a shell reports Ctrl-C
        }
        catch (RpcException e)
        {
            return Failures.Say(screen, e);
        }
    }

    // The longest name wins: "pools list" before "pools".
    private static Command? Find(CommandLine line) =>
        All.Where(command => Begins(line.Words, command.Name.Split(' '))).MaxBy(command => command.Name.Length);

    private static bool Begins(IEnumerable<string> words, string[] with) => words.Take(with.Length).SequenceEqual(with);

    private static int List(Screen screen)
    {
        var width = All.Max(command => command.Name.Length);
        foreach (var command in All) screen.Result($"  {command.Name.PadRight(width)}  {screen.Words(command.Pt, command.En)}");
        screen.Result("");
        screen.Result(screen.Words("O que um comando recebe: montalegre help <comando>, por exemplo montalegre help pools", "What a command takes: montalegre help <command>, for example montalegre help pools"));
        screen.Result(Everywhere);
        return 0;
    }

    private static int Explain(Screen screen, string[] words)
    {
        var meant = All.Where(command => Begins(command.Name.Split(' '), words)).ToList();
        if (meant.Count == 0) throw new UsageException(string.Join(' ', words));
        foreach (var command in meant)
        {
            foreach (var part in Wrapped($"{command.Name} {command.Takes}".TrimEnd())) screen.Result(part);
            screen.Result($"        {screen.Words(command.Pt, command.En)}");
        }
        screen.Result("");
        screen.Result(Everywhere);
        return 0;
    }

    private static IEnumerable<string> Wrapped(string usage)
    {
        var line = "  ";
        foreach (var word in usage.Split(' '))
        {
            if (line.Length > 4 && line.Length + word.Length > Columns)
            {
                yield return line.TrimEnd();
                line = "      ";
            }
            line += word + " ";
        }
        yield return line.TrimEnd();
    }
}
