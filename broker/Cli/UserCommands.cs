using Google.Protobuf;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Cli;

internal static class UserCommands
{
    public static Command[] All { get; } =
    [
        new("users list", "", "utilizadores", "users", ListAsync),
        new("users create", "<user> [--display-name <name>] [--administrator] [--password-stdin]", "cria um utilizador", "make a user", CreateAsync),
        new("users set-password", "<user> [--password-stdin]", "muda a palavra-passe", "change the password", SetPasswordAsync),
        new("users enable", "<user>", "ativa", "enable", call => SetEnabledAsync(call, true)),
        new("users disable", "<user>", "desativa e termina os seus acessos", "disable, and end all sign-ins", call => SetEnabledAsync(call, false)),
        new("users reset-factors", "<user>", "retira os segundos fatores e termina os seus acessos", "take the second factors away, and end all sign-ins", ResetFactorsAsync),
        new("users quota", "[<user>] [n|usual]", "quantas sessões pode ter abertas: todos, ou um utilizador (usual: como todos)", "how many sessions may be open: everybody's, or one user's (usual: as everybody)", QuotaAsync),
        new("users erase", "<user> --confirm", "apaga para sempre os nomes e endereços de quem já saiu (conta desativada)", "erase for good the names and addresses of somebody who left (account disabled)", EraseAsync),
    ];

    private static async Task<int> ListAsync(Invocation call)
    {
        call.Line.Take(2, 0, 0);
        var s = call.Screen;
        var answer = await new Users.UsersClient(call.Calls).ListAsync(new(), call.AsAdministrator);
        s.Table(answer, answer.Users,
            (s.Words("UTILIZADOR", "USER"), u => u.UserName),
            (s.Words("NOME", "NAME"), u => u.Emergency ? s.Words("(conta de emergência)", "(emergency account)") : u.DisplayName),
            (s.Words("ATIVO", "ENABLED"), u => u.Enabled ? s.Words("sim", "yes") : s.Words("não", "no")),
            (s.Words("ADMINISTRADOR", "ADMINISTRATOR"), u => u.Administrator ? s.Words("sim", "yes") : ""));
        return 0;
    }

    private static async Task<int> CreateAsync(Invocation call)
    {
        var name = call.Line.Take(2, 1, 1)[0];
        var request = new CreateUserRequest { UserName = name, DisplayName = call.Line.Option("display-name") ?? "", Administrator = call.Line.Has("administrator"), Password = call.Password() };
        var user = await new Users.UsersClient(call.Calls).CreateAsync(request, call.AsAdministrator);
        call.Screen.Done(user, $"Utilizador {user.UserName} criado", $"User {user.UserName} made");
        return 0;
    }

    private static async Task<int> SetPasswordAsync(Invocation call)
    {
        var name = call.Line.Take(2, 1, 1)[0];
        var user = await new Users.UsersClient(call.Calls).SetPasswordAsync(new() { UserName = name, Password = call.Password() }, call.AsAdministrator);
        call.Screen.Done(user, $"Palavra-passe de {user.UserName} mudada", $"Password of {user.UserName} changed");
        return 0;
    }

    private static async Task<int> SetEnabledAsync(Invocation call, bool enabled)
    {
        var name = call.Line.Take(2, 1, 1)[0];
        var user = await new Users.UsersClient(call.Calls).SetEnabledAsync(new() { UserName = name, Enabled = enabled }, call.AsAdministrator);
        call.Screen.Done(user, $"{user.UserName}: {(user.Enabled ? "ativo" : "desativado")}", $"{user.UserName}: {(user.Enabled ? "enabled" : "disabled")}");
        return 0;
    }

    private static async Task<int> EraseAsync(Invocation call)
    {
        var name = call.Line.Take(2, 1, 1)[0];
        if (!call.Line.Has("confirm"))
        {
            call.Screen.Say($"Os nomes e endereços de {name} no registo de auditoria e na conta deixam de poder ser lidos, para sempre. Repita com --confirm.",
                $"The names and addresses of {name} in the audit record and in the account can never be read again. Repeat with --confirm.");
            return Failures.Usage;
        }
        var erased = await new Audit.AuditClient(call.Calls).ErasePersonAsync(new() { UserName = name }, call.AsAdministrator);
        call.Screen.Done(erased, $"Dados de {name} apagados; fica o identificador {erased.PersonId}", $"Data of {name} erased; the identifier {erased.PersonId} stays");
        return 0;
    }

    private static async Task<int> ResetFactorsAsync(Invocation call)
    {
        var name = call.Line.Take(2, 1, 1)[0];
        var user = await new Users.UsersClient(call.Calls).ResetFactorsAsync(new() { UserName = name }, call.AsAdministrator);
        call.Screen.Done(user, $"{user.UserName}: segundos fatores retirados", $"{user.UserName}: second factors taken away");
        return 0;
    }

    // With one word that is a number, or none: everybody's. 0 for everybody: any number.
    private static async Task<int> QuotaAsync(Invocation call)
    {
        var words = call.Line.Take(2, 0, 2);
        var users = new Users.UsersClient(call.Calls);
        if (words.Length == 2)
        {
            var request = new SetUserQuotaRequest { UserName = words[0] };
            if (words[1] != "usual") request.MostSessions = uint.TryParse(words[1], out var own) ? own : throw new UsageException(words[1]);
            var user = await users.SetQuotaAsync(request, call.AsAdministrator);
            call.Screen.Done(user, $"{user.UserName}: {(user.HasMostSessions ? $"{user.MostSessions}" : "como todos")}", $"{user.UserName}: {(user.HasMostSessions ? $"{user.MostSessions}" : "as everybody")}");
            return 0;
        }
        var quotas = words.Length == 0
            ? await users.GetQuotasAsync(new(), call.AsAdministrator)
            : await users.SetQuotasAsync(new() { MostSessionsPerUser = uint.TryParse(words[0], out var most) ? most : throw new UsageException(words[0]) }, call.AsAdministrator);
        call.Screen.Done(quotas, quotas.MostSessionsPerUser == 0 ? "sem limite" : $"{quotas.MostSessionsPerUser}", quotas.MostSessionsPerUser == 0 ? "any number" : $"{quotas.MostSessionsPerUser}");
        return 0;
    }
}
