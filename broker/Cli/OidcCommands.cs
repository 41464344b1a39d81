using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Cli;

internal static class OidcCommands
{
    private const string Settings = "--issuer <https address> --client <id> [--scopes <scope,...>] [--name-claim <claim>] [--display-name-claim <claim>] [--groups-claim <claim>] [--groups <value=group,...>] [--only-groups] [--second-factor <value,...>] [--authorities <file.pem>]";

    public static Command[] All { get; } =
    [
        new("oidc list", "", "fornecedores OpenID Connect com que se inicia sessão", "OpenID Connect providers that people sign in with", ListAsync),
        new("oidc add", $"<name> {Settings} [--password-stdin]", "junta um fornecedor OpenID Connect; pede o segredo do cliente", "add an OpenID Connect provider; asks for the client's secret", AddAsync),
        new("oidc test", $"<name> {Settings}", "lê o que o fornecedor diz de si, sem guardar", "read what the provider says about itself, without keeping", TestAsync),
        new("oidc remove", "<provider>", "retira um fornecedor; as pessoas dele ficam desativadas até entrarem de novo pelo mesmo emissor", "let a provider go; its people are disabled until they sign in again by the same issuer", RemoveAsync),
    ];

    private static OidcProviders.OidcProvidersClient Client(Invocation call) => new(call.Calls);

    private static async Task<int> ListAsync(Invocation call)
    {
        call.Line.Take(2, 0, 0);
        var s = call.Screen;
        var answer = await Client(call).ListAsync(new(), call.AsAdministrator);
        s.Table(answer, answer.Providers,
            (s.Words("FORNECEDOR", "PROVIDER"), p => p.Name),
            (s.Words("EMISSOR", "ISSUER"), p => p.Issuer),
            (s.Words("CLIENTE", "CLIENT"), p => p.ClientId),
            (s.Words("PESSOAS", "PEOPLE"), p => $"{p.People}"),
            (s.Words("GRUPOS", "GROUPS"), p => $"{p.Groups.Count}"));
        return 0;
    }

    private static async Task<int> AddAsync(Invocation call)
    {
        var saved = await Client(call).SaveAsync(new() { Provider = Said(call), ClientSecret = call.Password() }, call.AsAdministrator);
        call.Screen.Done(saved, $"Fornecedor {saved.Name} guardado", $"Provider {saved.Name} saved");
        return 0;
    }

    private static async Task<int> TestAsync(Invocation call)
    {
        var answer = await Client(call).TestAsync(new() { Provider = Said(call) }, call.AsAdministrator);
        var (pt, en) = answer.Problem.Length > 0 ? (answer.Problem, answer.Problem)
            : ($"{answer.AuthorizationEndpoint}: {answer.Keys} chaves; {(answer.SignsOut ? "termina lá a sessão" : "não termina lá a sessão")}; {(answer.TellsSignOuts ? "avisa quando lá termina" : "não avisa quando lá termina")}",
               $"{answer.AuthorizationEndpoint}: {answer.Keys} keys; {(answer.SignsOut ? "signs out there, too" : "does not sign out there")}; {(answer.TellsSignOuts ? "tells us when somebody signs out there" : "does not tell us when somebody signs out there")}");
        call.Screen.Done(answer, pt, en);
        return answer.Problem.Length > 0 ? 1 : 0;
    }

    private static async Task<int> RemoveAsync(Invocation call)
    {
        var name = call.Line.Take(2, 1, 1)[0];
        var provider = (await Client(call).ListAsync(new(), call.AsAdministrator)).Providers.FirstOrDefault(p => p.ProviderId == name || string.Equals(p.Name, name, StringComparison.OrdinalIgnoreCase)) ?? throw Unknown.Object(ReasonCode.NotFound, name);
        var gone = await Client(call).RemoveAsync(new() { ProviderId = provider.ProviderId }, call.AsAdministrator);
        call.Screen.Done(gone, $"Fornecedor {provider.Name} retirado", $"Provider {provider.Name} is gone");
        return 0;
    }

    private static OidcProvider Said(Invocation call)
    {
        var line = call.Line;
        return new()
        {
            Name = line.Take(2, 1, 1)[0],
            Issuer = line.Option("issuer") ?? throw new UsageException("--issuer"),
            ClientId = line.Option("client") ?? throw new UsageException("--client"),
            Scopes = { List(line, "scopes") },
            NameClaim = line.Option("name-claim") ?? "",
            DisplayNameClaim = line.Option("display-name-claim") ?? "",
            GroupsClaim = line.Option("groups-claim") ?? "",
            Groups = { List(line, "groups").Select(pair => pair.Split('=', 2) is [var value, var name] ? new OidcGroup { Value = value, Name = name } : throw new UsageException($"--groups {pair}")) },
            OnlyMapped = line.Has("only-groups"),
            SecondFactorValues = { List(line, "second-factor") },
            Authorities = line.Option("authorities") is { } file ? File.Exists(file) ? File.ReadAllText(file) : throw new UsageException($"--authorities {file}") : "",
        };
    }

    private static string[] List(CommandLine line, string option) => line.Option(option)?.Split(',', StringSplitOptions.RemoveEmptyEntries) ?? [];
}
