using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Cli;

internal static class InfrastructureCommands
{
    public static Command[] All { get; } =
    [
        new("hosts", "", "anfitriões de máquinas", "hosts of machines", HostsAsync),
        new("hosts add", "<name> <libvirt-uri> --storage <directory> [--network user|network:<name>|bridge:<name>] [--shared-storage <name>] [--site <site>]", "junta um anfitrião", "add a host", AddHostAsync),
        new("hosts storage", "<host> [--shared <name>] [--takeover minutes]", "diz que armazenamento partilha com outros; sem --shared: só dele", "say which storage it shares with others; without --shared: its own", StorageAsync),
        new("hosts site", "<host> <site>|none", "diz em que local está", "say at which site it is", SiteAsync),
        new("hosts fence", "<host> --switched-off", "confirma que um anfitrião perdido está desligado: as máquinas dele arrancam noutro", "confirm that a lost host is switched off: its machines start elsewhere", FenceAsync),
        new("hosts state", "<host> in-service|draining|maintenance", "tira um anfitrião de serviço, ou devolve-o", "take a host out of service, or back", StateAsync),
        new("hosts remove", "<host>", "retira um anfitrião; nada nele é alterado", "let a host go; nothing on it is touched", RemoveHostAsync),
        new("images", "", "versões de imagens", "image versions", ImagesAsync),
        new("images publish", "<name> <file>", "publica uma versão de imagem", "publish an image version", PublishAsync),
        new("images import", "<file> --name <name> [--note <text>] [--keep-identity]", "envia um disco qcow2 ou raw e publica-o; continua onde ficou", "send a qcow2 or raw disk and publish it; goes on where it stopped", ImportImage.RunAsync),
        new("images imports", "", "imagens a caminho", "images on their way", ImportImage.ListAsync),
        new("gateways", "", "gateways", "gateways", GatewaysAsync),
        new("gateways token", "<name> <rdp-host:port>", "código para uma gateway nova", "one-time token for a new gateway", GatewayTokenAsync),
    ];

    public static async Task<ImageVersion> FindImageAsync(Invocation call, string nameOrId)
    {
        var images = (await new Infrastructure.InfrastructureClient(call.Calls).ListImagesAsync(new(), call.AsAdministrator)).Images;
        return images.Where(image => image.ImageVersionId == nameOrId || image.Name == nameOrId).MaxBy(image => image.Number) ?? throw Unknown.Object(ReasonCode.NotFound, nameOrId);
    }

    public static async Task<Host> FindHostAsync(Invocation call, string nameOrId)
    {
        var hosts = (await new Infrastructure.InfrastructureClient(call.Calls).ListHostsAsync(new(), call.AsAdministrator)).Hosts;
        return hosts.FirstOrDefault(host => host.HostId == nameOrId || host.Name == nameOrId) ?? throw Unknown.Object(ReasonCode.NotFound, nameOrId);
    }

    private static async Task<int> HostsAsync(Invocation call)
    {
        call.Line.Take(1, 0, 0);
        var s = call.Screen;
        var answer = await new Infrastructure.InfrastructureClient(call.Calls).ListHostsAsync(new(), call.AsAdministrator);
        s.Table(answer, answer.Hosts,
            (s.Words("ANFITRIÃO", "HOST"), h => h.Name),
            ("URI", h => h.Uri),
            (s.Words("LIGADO", "CONNECTED"), h => h.Connected ? s.Words("sim", "yes") : s.Words("não", "no")),
            ("CPU", h => $"{h.Cpus}"),
            ("MiB", h => $"{h.MemoryMib}"),
            (s.Words("REDE", "NETWORK"), h => h.Network),
            (s.Words("ESTADO", "STATE"), h => StateOf(h, s)),
            (s.Words("ARMAZENAMENTO", "STORAGE"), h => h.SharedStorage),
            (s.Words("LOCAL", "SITE"), h => h.SiteName),
            (s.Words("ERRO", "ERROR"), h => h.Error));
        return 0;
    }

    private static string StateOf(Host host, Screen s) => host switch
    {
        { FencedAt: not null } => s.Words("desligado", "switched off"),
        { LostSince: not null } => s.Words("perdido", "lost"),
        { State: HostState.Draining } => s.Words("a esvaziar", "draining"),
        { State: HostState.Maintenance } => s.Words("em manutenção", "maintenance"),
        _ => s.Words("em serviço", "in service"),
    };

    private static async Task<int> SiteAsync(Invocation call)
    {
        var words = call.Line.Take(2, 2, 2);
        var host = await FindHostAsync(call, words[0]);
        var changed = await new Infrastructure.InfrastructureClient(call.Calls).SetHostSiteAsync(new() { HostId = host.HostId, SiteId = await SiteCommands.IdOrNoneAsync(call, words[1]) }, call.AsAdministrator);
        SiteCommands.Say(call, changed, changed.Name, changed.SiteName);
        return 0;
    }

    private static async Task<int> AddHostAsync(Invocation call)
    {
        var words = call.Line.Take(2, 2, 2);
        var request = new AddHostRequest { Name = words[0], Uri = words[1], Network = call.Line.Option("network") ?? "user", StoragePath = call.Line.Option("storage") ?? throw new UsageException("--storage"), SharedStorage = call.Line.Option("shared-storage") ?? "", AtSiteId = await RoleCommands.SiteAsync(call) };
        var host = await new Infrastructure.InfrastructureClient(call.Calls).AddHostAsync(request, call.AsAdministrator);
        call.Screen.Done(host, $"Anfitrião {host.Name} junto", $"Host {host.Name} added");
        return 0;
    }

    private static async Task<int> StorageAsync(Invocation call)
    {
        var host = await FindHostAsync(call, call.Line.Take(2, 1, 1)[0]);
        var request = new SetHostStorageRequest { HostId = host.HostId, SharedStorage = call.Line.Option("shared") ?? "", TakeoverMinutes = call.Line.Number("takeover", 0) };
        var changed = await new Infrastructure.InfrastructureClient(call.Calls).SetHostStorageAsync(request, call.AsAdministrator);
        call.Screen.Done(changed, $"Armazenamento de {host.Name}: {(changed.SharedStorage.Length > 0 ? changed.SharedStorage : "só dele")}", $"Storage of {host.Name}: {(changed.SharedStorage.Length > 0 ? changed.SharedStorage : "its own")}");
        return 0;
    }

    // The word is asked for because a host that runs would have its desktops taken away.
    private static async Task<int> FenceAsync(Invocation call)
    {
        var host = await FindHostAsync(call, call.Line.Take(2, 1, 1)[0]);
        if (!call.Line.Has("switched-off")) throw new UsageException("--switched-off");
        var done = await new Infrastructure.InfrastructureClient(call.Calls).FenceHostAsync(new() { HostId = host.HostId }, call.AsAdministrator);
        call.Screen.Done(done, $"{host.Name} conta como desligado: {done.Machines} máquinas arrancam noutro anfitrião, {done.Waiting} esperam pelo seu disco, {done.Sessions} sessões terminam",
            $"{host.Name} counts as switched off: {done.Machines} machines start elsewhere, {done.Waiting} wait for their disk, {done.Sessions} sessions end");
        return 0;
    }

    private static async Task<int> StateAsync(Invocation call)
    {
        var words = call.Line.Take(2, 2, 2);
        var host = await FindHostAsync(call, words[0]);
        var state = words[1] switch { "in-service" => HostState.InService, "draining" => HostState.Draining, "maintenance" => HostState.Maintenance, _ => throw new UsageException(words[1]) };
        var done = await new Infrastructure.InfrastructureClient(call.Calls).SetHostStateAsync(new() { HostId = host.HostId, State = state }, call.AsAdministrator);
        call.Screen.Done(done, $"{host.Name}: {done.Machines} máquinas, {done.Sessions} sessões abertas", $"{host.Name}: {done.Machines} machines, {done.Sessions} open sessions");
        return 0;
    }

    private static async Task<int> RemoveHostAsync(Invocation call)
    {
        var host = await FindHostAsync(call, call.Line.Take(2, 1, 1)[0]);
        await new Infrastructure.InfrastructureClient(call.Calls).RemoveHostAsync(new() { HostId = host.HostId }, call.AsAdministrator);
        call.Screen.Done(host, $"Anfitrião {host.Name} retirado", $"Host {host.Name} removed");
        return 0;
    }

    private static async Task<int> ImagesAsync(Invocation call)
    {
        call.Line.Take(1, 0, 0);
        var s = call.Screen;
        var answer = await new Infrastructure.InfrastructureClient(call.Calls).ListImagesAsync(new(), call.AsAdministrator);
        s.Table(answer, answer.Images,
            (s.Words("IMAGEM", "IMAGE"), i => i.Name),
            (s.Words("VERSÃO", "VERSION"), i => $"{i.Number}"),
            (s.Words("ESTADO", "STATE"), i => i.State),
            ("MiB", i => $"{i.SizeBytes / (1024 * 1024)}"),
            (s.Words("PUBLICADA", "PUBLISHED"), i => Screen.Time(i.PublishedAt)),
            (s.Words("ERRO", "ERROR"), i => i.Error));
        return 0;
    }

    private static async Task<int> PublishAsync(Invocation call)
    {
        var words = call.Line.Take(2, 2, 2);
        var image = await new Infrastructure.InfrastructureClient(call.Calls).PublishImageAsync(new() { Name = words[0], Path = words[1] }, call.AsAdministrator);
        call.Screen.Done(image, $"{image.Name} versão {image.Number}: {image.State}", $"{image.Name} version {image.Number}: {image.State}");
        return 0;
    }

    private static async Task<int> GatewaysAsync(Invocation call)
    {
        call.Line.Take(1, 0, 0);
        var s = call.Screen;
        var answer = await new Infrastructure.InfrastructureClient(call.Calls).ListGatewaysAsync(new(), call.AsAdministrator);
        s.Table(answer, answer.Gateways,
            ("GATEWAY", g => g.Name),
            ("RDP", g => g.RdpAddress),
            (s.Words("LIGADA", "CONNECTED"), g => g.Connected ? s.Words("sim", "yes") : s.Words("não", "no")),
            (s.Words("LIGAÇÕES", "CONNECTIONS"), g => $"{g.Connections}"));
        return 0;
    }

    private static async Task<int> GatewayTokenAsync(Invocation call)
    {
        var words = call.Line.Take(2, 2, 2);
        var made = await new Infrastructure.InfrastructureClient(call.Calls).CreateGatewayTokenAsync(new() { Name = words[0], RdpAddress = words[1] }, call.AsAdministrator);
        call.Screen.Done(made, made.JoinToken, made.JoinToken);
        return 0;
    }
}
