using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Cli;

internal static class InfrastructureCommands
{
    public static Command[] All { get; } =
    [
        new("hosts", "", "anfitriões de máquinas", "hosts of machines", HostsAsync),
        new("hosts add", "<name> <libvirt-uri> --storage <directory> [--network user|network:<name>|bridge:<name>]", "junta um anfitrião", "add a host", AddHostAsync),
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
            (s.Words("ERRO", "ERROR"), h => h.Error));
        return 0;
    }

    private static async Task<int> AddHostAsync(Invocation call)
    {
        var words = call.Line.Take(2, 2, 2);
        var request = new AddHostRequest { Name = words[0], Uri = words[1], Network = call.Line.Option("network") ?? "user", StoragePath = call.Line.Option("storage") ?? throw new UsageException("--storage") };
        var host = await new Infrastructure.InfrastructureClient(call.Calls).AddHostAsync(request, call.AsAdministrator);
        call.Screen.Done(host, $"Anfitrião {host.Name} junto", $"Host {host.Name} added");
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
