using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Contracts.Identity.V1;

namespace Montalegre.Vdi.Cli;

internal static class SignInCommands
{
    public static Command[] All { get; } =
    [
        new("status", "", "estado do broker", "state of the broker", StatusAsync),
        new("set-up", "<user> --token-file <file> [--display-name <name>] [--password-stdin] [--authenticator-file <file>]", "cria o primeiro administrador", "make the first administrator", SetUpAsync),
        new("sign-in", "<user> [--employee] [--password-stdin] [--authenticator-file <file>]", "inicia sessão e guarda-a", "sign in and keep it", SignInAsync),
        new("sign-out", "[--employee]", "termina a sessão guardada", "end the kept sign-in", SignOutAsync),
        new("code", "--authenticator-file <file>", "código de agora, de uma aplicação de autenticação num ficheiro", "the code of now, of an authenticator app in a file", CodeAsync),
    ];

    private static async Task<int> StatusAsync(Invocation call)
    {
        var status = await new Administrators.AdministratorsClient(call.Calls).GetStatusAsync(new(), call.AsNobody);
        call.Screen.Done(status, $"Broker {status.Version}; configuração inicial {(status.SetUpDone ? "feita" : "por fazer")}", $"Broker {status.Version}; set-up {(status.SetUpDone ? "done" : "to be done")}");
        return 0;
    }

    private static async Task<int> SetUpAsync(Invocation call)
    {
        var user = call.Line.Take(1, 1, 1)[0];
        var file = call.Line.Option("token-file") ?? throw new UsageException("--token-file");
        if (!File.Exists(file)) throw new UsageException($"--token-file {file}");
        var request = new SetUpRequest { Token = (await File.ReadAllTextAsync(file, call.Ct)).Trim(), UserName = user, DisplayName = call.Line.Option("display-name") ?? user, Password = call.Password() };
        var begun = await new Administrators.AdministratorsClient(call.Calls).SetUpAsync(request, call.AsNobody);
        return Keep(call, await SecondStepPrompt.ProveAsync(call, begun.SecondStep));
    }

    private static async Task<int> SignInAsync(Invocation call)
    {
        var user = call.Line.Take(1, 1, 1)[0];
        var employee = call.Line.Has("employee");
        var password = call.Password();
        if (!employee)
        {
            var begun = await new Administrators.AdministratorsClient(call.Calls).SignInAsync(new() { UserName = user, Password = password }, call.AsNobody);
            return Keep(call, await SecondStepPrompt.ProveAsync(call, begun.SecondStep));
        }
        var answer = await new Employee.EmployeeClient(call.Calls).SignInAsync(new() { UserName = user, Password = password, AsksSecondStep = true }, call.AsNobody);
        switch (answer.OutcomeCase)
        {
            case SignInResponse.OutcomeOneofCase.SignedIn:
                return KeepEmployee(call, new(answer.SignedIn.Token, answer.SignedIn.UserName, answer.SignedIn.ExpiresAt.ToDateTimeOffset()));
            case SignInResponse.OutcomeOneofCase.SecondStep:
                var done = await SecondStepPrompt.ProveAsync(call, answer.SecondStep);
                return KeepEmployee(call, new(done.Token, done.UserName, done.ExpiresAt.ToDateTimeOffset()));
            default:
                return Failures.Say(call.Screen, answer.Refused ?? new());
        }
    }

    private static async Task<int> SignOutAsync(Invocation call)
    {
        call.Line.Take(1, 0, 0);
        if (call.Line.Has("employee"))
        {
            await new Employee.EmployeeClient(call.Calls).SignOutAsync(new(), call.AsEmployee);
            call.Keep(saved => saved with { Employee = null });
        }
        else
        {
            await new Administrators.AdministratorsClient(call.Calls).SignOutAsync(new(), call.AsAdministrator);
            call.Keep(saved => saved with { Administrator = null });
        }
        call.Screen.Say("Sessão terminada", "Signed out");
        return 0;
    }

    private static Task<int> CodeAsync(Invocation call)
    {
        call.Line.Take(1, 0, 0);
        call.Screen.Result(AuthenticatorFile.Code(call.Line.Option(AuthenticatorFile.Option) ?? throw new UsageException($"--{AuthenticatorFile.Option}")));
        return Task.FromResult(0);
    }

    private static int KeepEmployee(Invocation call, SavedSignIn signIn)
    {
        KeepFor(call, saved => saved with { Employee = signIn });
        call.Screen.Say($"Sessão iniciada: {signIn.UserName}", $"Signed in: {signIn.UserName}");
        return 0;
    }

    private static int Keep(Invocation call, StepDone done)
    {
        KeepFor(call, saved => saved with { Administrator = new(done.Token, done.UserName, done.ExpiresAt.ToDateTimeOffset()) });
        call.Screen.Say($"Sessão iniciada: {done.UserName}, até {Screen.Time(done.ExpiresAt)}", $"Signed in: {done.UserName}, until {Screen.Time(done.ExpiresAt)}");
        return 0;
    }

    // Another server: the tokens of the old one are of no use and are forgotten.
    private static void KeepFor(Invocation call, Func<SavedSignIns, SavedSignIns> change)
    {
        var (server, authority) = (call.Server, call.Authority);
        call.Keep(saved => change(saved.Server == server ? saved with { Authority = authority } : new() { Server = server, Authority = authority }));
    }
}
