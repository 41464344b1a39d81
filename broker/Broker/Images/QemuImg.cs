using System.Globalization;
using System.Text.RegularExpressions;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Images;

/// <summary>Checks and converts disks with qemu-img. Formats are always named: guessing one would let a disk choose its own.</summary>
internal static partial class QemuImg
{
    private const int Whole = 0, LeaksOnly = 3;

    /// <summary>Reads the first bytes of a disk, before any program does.</summary>
    /// <exception cref="DiskRefusedException">It cannot become an image.</exception>
    public static async Task<DiskHeader> HeaderAsync(string path, CancellationToken ct)
    {
        var start = new byte[DiskHeader.Length];
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        var header = DiskHeader.Read(start.AsSpan(0, await file.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, ct)));
        if (header.Problem is { } problem) throw new DiskRefusedException(RefusalReason.ImageRefused, problem);
        return header.Format == DiskFormat.Raw ? header with { VirtualBytes = file.Length } : header;
    }

    /// <summary>Checks that a qcow2 disk is whole. Clusters that nothing refers to waste room and do no harm.</summary>
    /// <exception cref="DiskRefusedException">It is broken.</exception>
    public static async Task CheckAsync(string path, CancellationToken ct)
    {
        var answer = await DiskTool.RunAsync("qemu-img", ["check", "-q", "-f", "qcow2", path], null, null, ct);
        if (answer.ExitCode is not (Whole or LeaksOnly)) throw new DiskRefusedException(RefusalReason.ImageRefused, $"it is broken; qemu-img check says: {answer.LastWords}");
    }

    /// <summary>Converts between raw and qcow2; progress runs from 0 to 1.</summary>
    public static async Task ConvertAsync(string from, DiskFormat fromFormat, string to, DiskFormat toFormat, Action<double>? progress, CancellationToken ct)
    {
        string[] options = toFormat == DiskFormat.Qcow2 ? ["-o", "lazy_refcounts=on"] : [];
        var answer = await DiskTool.RunAsync("qemu-img", ["convert", "-p", "-f", Name(fromFormat), "-O", Name(toFormat), .. options, from, to], null, Heard(progress), ct);
        if (answer.ExitCode == 0) return;
        File.Delete(to);
        throw answer.Complaints.Contains("No space left", StringComparison.Ordinal)
            ? new DiskRefusedException(RefusalReason.StorageFull, $"the broker's disk is full; qemu-img convert says: {answer.LastWords}")
            : new DiskRefusedException(RefusalReason.ImageRefused, $"it cannot be read; qemu-img convert says: {answer.LastWords}");
    }

    private static string Name(DiskFormat format) => format == DiskFormat.Raw ? "raw" : "qcow2";

    // qemu-img prints "    (12.34/100%)" over and over on the same line.
    private static Action<string>? Heard(Action<double>? progress) => progress is null ? null : text =>
    {
        if (Percent().Matches(text) is { Count: > 0 } found) progress(double.Parse(found[^1].Groups[1].ValueSpan, CultureInfo.InvariantCulture) / 100);
    };

    [GeneratedRegex(@"\((\d{1,3}(?:\.\d+)?)/100%\)")]
    private static partial Regex Percent();
}
