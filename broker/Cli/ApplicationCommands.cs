using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Cli;

internal static class ApplicationCommands
{
    private const int LargestIcon = 1 << 20;     // the broker says what it takes; this only keeps a whole disk from being sent

    public static Command[] All { get; } =
    [
        new("apps list", "[--pool <pool>]", "aplicações publicadas", "published applications", ListAsync),
        new("apps publish", "<pool> <name> <program> [--arguments <text>] [--description <text>] [--groups <group,group>]", "publica uma aplicação de um conjunto, ou muda a que tem esse nome", "publish an application of a pool, or change the one of that name", PublishAsync),
        new("apps icon", "<pool> <name> [<file.png>]", "mostra esta imagem PNG no cartão da aplicação; sem ficheiro, volta às letras", "show this PNG picture on the application's card; without a file, letters again", IconAsync),
        new("apps remove", "<pool> <name>", "deixa de publicar uma aplicação; as sessões abertas continuam", "stop publishing an application; open sessions go on", RemoveAsync),
    ];

    private static async Task<int> ListAsync(Invocation call)
    {
        call.Line.Take(2, 0, 0);
        var client = new Applications.ApplicationsClient(call.Calls);
        var pools = call.Line.Option("pool") is { } one ? [await PoolCommands.FindAsync(call, one)] : (await new Pools.PoolsClient(call.Calls).ListAsync(new(), call.AsAdministrator)).Pools.ToArray();
        var all = new ListApplicationsResponse();
        foreach (var pool in pools) all.Applications.Add((await client.ListAsync(new() { PoolId = pool.PoolId }, call.AsAdministrator)).Applications);
        var names = pools.ToDictionary(p => p.PoolId, p => p.Name);
        var s = call.Screen;
        s.Table(all, all.Applications,
            (s.Words("CONJUNTO", "POOL"), a => names[a.PoolId]),
            (s.Words("APLICAÇÃO", "APPLICATION"), a => a.Name),
            (s.Words("PROGRAMA", "PROGRAM"), a => $"{a.Program} {a.Arguments}".TrimEnd()),
            (s.Words("PARA", "FOR"), a => a.Narrowed ? string.Join(", ", a.Groups.Select(g => g.Name)) : s.Words("todos os do conjunto", "all of the pool")),
            (s.Words("ÍCONE", "ICON"), a => a.Icon.Length > 0 ? s.Words("sim", "yes") : ""),
            (s.Words("SESSÕES", "SESSIONS"), a => $"{a.Sessions}"));
        return 0;
    }

    private static async Task<int> PublishAsync(Invocation call)
    {
        var words = call.Line.Take(2, 3, 3);
        var pool = await PoolCommands.FindAsync(call, words[0]);
        var client = new Applications.ApplicationsClient(call.Calls);
        var before = (await client.ListAsync(new() { PoolId = pool.PoolId }, call.AsAdministrator)).Applications.FirstOrDefault(a => IsNamed(a, words[1]));
        var request = new PublishApplicationRequest
        {
            PoolId = pool.PoolId, ApplicationId = before?.ApplicationId ?? "", Name = words[1], Program = words[2],
            Arguments = call.Line.Option("arguments") ?? "", Description = call.Line.Option("description") ?? before?.Description ?? "",
        };
        if (call.Line.Option("groups") is { } groups)
        {
            request.Narrowed = true;
            foreach (var group in groups.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)) request.GroupIds.Add((await GroupCommands.FindAsync(call, group)).GroupId);
        }
        else if (before is { Narrowed: true })
        {
            // A command that does not speak of groups must not open to everybody what was for a few.
            request.Narrowed = true;
            request.GroupIds.Add(before.Groups.Select(g => g.GroupId));
        }
        var published = await client.PublishAsync(request, call.AsAdministrator);
        call.Screen.Done(published, $"{published.Name} publicada em {pool.Name}", $"{published.Name} published in {pool.Name}");
        return 0;
    }

    private static async Task<int> IconAsync(Invocation call)
    {
        var words = call.Line.Take(2, 2, 3);
        var pool = await PoolCommands.FindAsync(call, words[0]);
        var client = new Applications.ApplicationsClient(call.Calls);
        var application = (await client.ListAsync(new() { PoolId = pool.PoolId }, call.AsAdministrator)).Applications.FirstOrDefault(a => IsNamed(a, words[1])) ?? throw Unknown.Object(ReasonCode.ApplicationUnknown, words[1]);
        var request = new SetApplicationIconRequest { PoolId = pool.PoolId, ApplicationId = application.ApplicationId };
        if (words.Length == 3)
        {
            var file = new FileInfo(words[2]);
            if (!file.Exists || file.Length is 0 or > LargestIcon) throw new UsageException(words[2]);
            request.Png = Google.Protobuf.ByteString.CopyFrom(await File.ReadAllBytesAsync(file.FullName, call.Ct));
        }
        var changed = await client.SetIconAsync(request, call.AsAdministrator);
        call.Screen.Done(changed, changed.Icon.Length > 0 ? $"{changed.Name} tem um ícone" : $"{changed.Name} mostra as suas letras", changed.Icon.Length > 0 ? $"{changed.Name} has an icon" : $"{changed.Name} shows its letters");
        return 0;
    }

    private static async Task<int> RemoveAsync(Invocation call)
    {
        var words = call.Line.Take(2, 2, 2);
        var pool = await PoolCommands.FindAsync(call, words[0]);
        var client = new Applications.ApplicationsClient(call.Calls);
        var application = (await client.ListAsync(new() { PoolId = pool.PoolId }, call.AsAdministrator)).Applications.FirstOrDefault(a => IsNamed(a, words[1])) ?? throw Unknown.Object(ReasonCode.ApplicationUnknown, words[1]);
        var answer = await client.RemoveAsync(new() { PoolId = pool.PoolId, ApplicationId = application.ApplicationId }, call.AsAdministrator);
        call.Screen.Done(answer, $"{application.Name} já não está publicada; {application.Sessions} sessões abertas continuam", $"{application.Name} is not published any more; {application.Sessions} open sessions go on");
        return 0;
    }

    private static bool IsNamed(Application application, string nameOrId) => string.Equals(application.Name, nameOrId, StringComparison.OrdinalIgnoreCase) || application.ApplicationId == nameOrId;
}
