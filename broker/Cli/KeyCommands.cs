using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Cli;

internal static class KeyCommands
{
    public static Command[] All { get; } =
    [
        new("keys list", "", "chaves da API", "API keys", ListAsync),
        new("keys make", "<name> <role> --days <days> [--pool <name>|--site <name>|--people-of <group>|--endpoints <name>] [--file <file>]", "cria uma chave para um programa; mostra-a uma só vez, ou guarda-a num ficheiro", "make a key for a program; shown once, or kept in a file", MakeAsync),
        new("keys revoke", "<name>", "revoga uma chave", "revoke a key", RevokeAsync),
    ];

    private static ApiKeys.ApiKeysClient Keys(Invocation call) => new(call.Calls);

    private static async Task<int> ListAsync(Invocation call)
    {
        call.Line.Take(2, 0, 0);
        var s = call.Screen;
        var answer = await Keys(call).ListAsync(new(), call.AsAdministrator);
        s.Table(answer, answer.Keys,
            (s.Words("CHAVE", "KEY"), k => k.Name),
            (s.Words("FUNÇÃO", "ROLE"), k => k.Role),
            (s.Words("ONDE", "WHERE"), k => RoleCommands.ScopeOf(call, k.PoolName, k.ScopeGroupName, k.SiteName, k.ScopeEndpointGroupName)),
            (s.Words("CRIADA POR", "MADE BY"), k => k.MadeBy),
            (s.Words("ATÉ", "UNTIL"), k => Screen.Time(k.ExpiresAt)),
            (s.Words("VALE", "WORKS"), k => k.Expired || !k.MakerActive ? s.Words("não", "no") : s.Words("sim", "yes")),
            (s.Words("ÚLTIMO USO", "LAST USED"), k => $"{Screen.Time(k.LastUsedAt)} {k.LastUsedFrom}".Trim()));
        return 0;
    }

    private static async Task<int> MakeAsync(Invocation call)
    {
        var words = call.Line.Take(2, 2, 2);
        var pool = call.Line.Option("pool") is { } name ? (await PoolCommands.FindAsync(call, name)).PoolId : "";
        var file = call.Line.Option("file");
        // Looked at before there is a secret that could not be kept.
        if (file is not null && File.Exists(file)) throw new UsageException($"--file {file}");
        var made = await Keys(call).MakeAsync(new() { Name = words[0], Role = words[1], PoolId = pool, ScopeGroupId = await RoleCommands.PeopleAsync(call), SiteId = await RoleCommands.SiteAsync(call), ScopeEndpointGroupId = await RoleCommands.EndpointsAsync(call), Days = call.Line.Number("days", 0) }, call.AsAdministrator);
        if (file is null)
        {
            call.Screen.Done(made, made.Secret, made.Secret);
            return 0;
        }
        await using (var writer = new StreamWriter(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
            await writer.WriteLineAsync(made.Secret.AsMemory(), call.Ct);
        call.Screen.Done(made.Key, $"Chave {made.Key.Name} guardada em {file}, válida até {Screen.Time(made.Key.ExpiresAt)}", $"Key {made.Key.Name} kept in {file}, good until {Screen.Time(made.Key.ExpiresAt)}");
        return 0;
    }

    private static async Task<int> RevokeAsync(Invocation call)
    {
        var name = call.Line.Take(2, 1, 1)[0];
        var key = (await Keys(call).ListAsync(new(), call.AsAdministrator)).Keys.FirstOrDefault(k => k.Name == name) ?? throw Unknown.Object(ReasonCode.NotFound, name);
        var gone = await Keys(call).RevokeAsync(new() { ApiKeyId = key.ApiKeyId }, call.AsAdministrator);
        call.Screen.Done(gone, $"Chave {name} revogada", $"Key {name} revoked");
        return 0;
    }
}
