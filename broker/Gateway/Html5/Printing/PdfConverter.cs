using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Gateway.Hosting;

namespace Montalegre.Vdi.Gateway.Html5.Printing;

/// <summary>Makes PDF of PostScript by Ghostscript, in a sandbox of its own for each document: what it reads is a program of the machine's.</summary>
internal sealed class PdfConverter(IOptions<Html5Options> options, WorkerProgram spawner, ILogger<PdfConverter> log)
{
    private const string Limiter = "/usr/bin/prlimit";
    private const int Seconds = 120;                        // of one core, and of the clock
    private const long Memory = 1024L * 1024 * 1024;
    private static readonly string[] Readable =
    [
        "/usr/lib", "/lib", "/lib64", "/usr/share/ghostscript", "/usr/share/fonts", "/usr/share/color", "/usr/share/poppler", "/var/lib/ghostscript", "/etc/ghostscript",
    ];

    private readonly Html5Options _options = options.Value;

    public bool IsInstalled => _options.Ghostscript.Length > 0 && File.Exists(_options.Ghostscript);

    /// <summary>Reads a document and hands on its PDF piece by piece; false when there is none to be had.</summary>
    public async Task<bool> ConvertAsync(Stream document, Func<ReadOnlyMemory<byte>, Task> pdf, CancellationToken ct)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
        deadline.CancelAfter(TimeSpan.FromSeconds(Seconds));
        using var process = await spawner.SpawnAsync(Command());
        try
        {
            // What it complains about is written by the machine, and goes nowhere.
            var complaints = process.StandardError.BaseStream.CopyToAsync(Stream.Null, deadline.Token);
            var feeding = FeedAsync(document, process, deadline.Token);
            var buffer = new byte[Protocol.Html5.Html5Limits.LongestPrintPiece];
            var made = 0L;
            while (await process.StandardOutput.BaseStream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, deadline.Token) is > 0 and var read)
            {
                if ((made += read) > Largest) return false;
                await pdf(buffer.AsMemory(0, read));
            }
            await Task.WhenAll(feeding, complaints);
            await process.WaitForExitAsync(deadline.Token);
            if (process.ExitCode == 0 && made > 0) return true;
            log.DocumentNotConverted(process.ExitCode);
            return false;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            log.DocumentNotConverted(-1);
            return false;
        }
        finally
        {
            WorkerProgram.Kill(process);
        }
    }

    private long Largest => _options.LargestFile * 1024L * 1024;

    private static async Task FeedAsync(Stream document, Process process, CancellationToken ct)
    {
        try
        {
            await document.CopyToAsync(process.StandardInput.BaseStream, ct);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before it had read everything; how it ended says whether that was right.
        }
    }

    private ProcessStartInfo Command()
    {
        var start = new ProcessStartInfo(Limiter)
        {
            WorkingDirectory = "/", UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment.Clear();
        string[] arguments =
        [
            $"--cpu={Seconds}", Limit("--as", Memory), Limit("--fsize", Largest), "--core=0", "--nofile=64", "--", _options.Sandbox,
            "--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL", "--unshare-user", "--uid", "65534", "--gid", "65534", "--hostname", "printer",
            .. Readable.SelectMany(folder => new[] { "--ro-bind-try", folder, folder }), "--ro-bind", _options.Ghostscript, "/gs", "--proc", "/proc", "--dev", "/dev",
            "--size", Largest.ToString(CultureInfo.InvariantCulture), "--tmpfs", "/tmp", "--chdir", "/tmp", "--remount-ro", "/", "--",
            "/gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-dNOPROMPT", "-sDEVICE=pdfwrite", "-sstdout=%stderr", "-sOutputFile=-", "-",
        ];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        return start;
    }

    private static string Limit(string name, long most) => string.Create(CultureInfo.InvariantCulture, $"{name}={most}");
}
