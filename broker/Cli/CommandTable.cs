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
            if (line.Has("help") || line.Words.Count == 0 || line.Words[0] == "help") return Help(screen);
            var command = Find(line) ?? throw new UsageException(string.Join(' ', line.Words));
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
        All.Where(command => command.Name.Split(' ') is var name && line.Words.Take(name.Length).SequenceEqual(name)).MaxBy(command => command.Name.Length);

    private static int Help(Screen screen)
    {
        var width = All.Max(command => command.Name.Length + command.Takes.Length) + 3;
        foreach (var command in All) screen.Result($"  {$"{command.Name} {command.Takes}".PadRight(width)} {screen.Words(command.Pt, command.En)}");
        screen.Result("");
        screen.Result("  --server https://host:7443   --authority authority.pem   --json   --api-key-file key");
        return 0;
    }
}
