using System.Globalization;
using System.Xml.Linq;
using Montalegre.Vdi.Native.Libvirt;
using Montalegre.Vdi.Rig.Libvirt;
using Montalegre.Vdi.Rig.Postgres;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Benchmarks.Clones;

/// <summary>What somebody without a broker writes: a loop in a shell. Its machines are the controller's, under other names and on other disks.</summary>
internal sealed class ShellSide
{
    private readonly string _folder, _uri, _base;
    private readonly int _clones;

    private ShellSide(string folder, string uri, string baseDisk, int clones) => (_folder, _uri, _base, _clones) = (folder, uri, baseDisk, clones);

    /// <summary>Takes the definition of a machine that the controller has made, and writes one for each clone beforehand.</summary>
    public static async Task<ShellSide> PrepareAsync(LibvirtDaemons daemons, string folder, int clones, CancellationToken ct)
    {
        var side = new ShellSide(Path.Combine(daemons.Folder, "shell"), daemons.Uri, Directory.EnumerateFiles(daemons.StoragePath, "image-*").MaxBy(f => new FileInfo(f).Length)!, clones);
        Directory.CreateDirectory(side._folder);
        var definition = XDocument.Parse(OneDefinition(daemons.Uri));
        for (var n = 0; n < clones; n++) await File.WriteAllTextAsync(side.PathOf($"{n}.xml"), side.Clone(definition, n, LoopbackPorts.Free()).ToString(), ct);
        await File.WriteAllTextAsync(side.PathOf("make.sh"), $"""
            set -eu
            for n in $(seq 0 {clones - 1}); do
                qemu-img create -q -f qcow2 -b '{side._base}' -F qcow2 '{side._folder}'/$n.qcow2
                virsh -q -c '{side._uri}' define '{side._folder}'/$n.xml
                virsh -q -c '{side._uri}' start shell-$n
            done
            """, ct);
        await File.WriteAllTextAsync(side.PathOf("clear.sh"), $"""
            set -eu
            for n in $(seq 0 {clones - 1}); do
                virsh -q -c '{side._uri}' destroy shell-$n
                virsh -q -c '{side._uri}' undefine shell-$n
                rm '{side._folder}'/$n.qcow2
            done
            """, ct);
        if (Environment.IsPrivilegedProcess) await Run.ToEndAsync("chown", ["-R", $"{ServiceAccount.Name}:", side._folder], ct: ct);
        return side;
    }

    /// <summary>Makes and starts all of them, one after the other; <c>virsh start</c> answers when the machine runs.</summary>
    public Task RoundAsync(CancellationToken ct) => ShellAsync("make.sh", ct);

    public Task ClearAsync(CancellationToken ct) => ShellAsync("clear.sh", ct);

    // As the user who owns the daemon, so that QEMU may write the disks.
    private Task<string> ShellAsync(string script, CancellationToken ct) => Environment.IsPrivilegedProcess
        ? Run.ToEndAsync("setpriv", [$"--reuid={ServiceAccount.Name}", $"--regid={ServiceAccount.Name}", "--init-groups", "env", $"HOME={_folder}", "sh", PathOf(script)], ct: ct)
        : Run.ToEndAsync("sh", [PathOf(script)], ct: ct);

    private string PathOf(string name) => Path.Combine(_folder, name);

    private static string OneDefinition(string uri)
    {
        using var connection = LibvirtConnection.Open(uri);
        string? one = null;
        foreach (var domain in connection.Domains())
            using (domain) one ??= domain.DefinitionXml();
        return one ?? throw new InvalidOperationException("The controller has made no machine to take the definition from.");
    }

    private XElement Clone(XDocument definition, int n, int port)
    {
        var clone = new XElement(definition.Root!);
        clone.Element("name")!.Value = string.Create(CultureInfo.InvariantCulture, $"shell-{n}");
        clone.Element("uuid")!.Value = Guid.NewGuid().ToString();
        clone.Element("metadata")?.Remove();
        clone.Descendants("disk").Elements("source").Single().SetAttributeValue("file", PathOf($"{n}.qcow2"));
        foreach (var console in clone.Descendants("devices").Elements().Where(e => e.Name == "serial" || e.Name == "console"))
            console.Element("source")!.SetAttributeValue("path", PathOf($"{n}.log"));
        foreach (var argument in clone.Descendants().Attributes("value").Where(a => a.Value.Contains("hostfwd=", StringComparison.Ordinal)))
            argument.Value = string.Create(CultureInfo.InvariantCulture, $"user,id=desktop,hostfwd=tcp:127.0.0.1:{port}-:3389");
        return clone;
    }
}
