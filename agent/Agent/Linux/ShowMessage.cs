using System.Diagnostics;
using System.Globalization;

namespace Montalegre.Vdi.Agent.Linux;

/// <summary>Shows an administrator's message on the session's screen, by a program that runs as the user, not as root.</summary>
internal static class ShowMessage
{
    private const int LongestTitle = 100;
    private const int LongestText = 2000;
    private static readonly TimeSpan ToFail = TimeSpan.FromSeconds(1);

    public static async Task<string?> RunAsync(XrdpSession session, string title, string text, CancellationToken ct)
    {
        if (Run.Find("xmessage") is null) return "the machine has no xmessage to show it with; install x11-utils in the image";
        string[] arguments =
        [
            .. session.AsItsUser,
            "xmessage", "-xrm", "*international: true", "-center", "-title", Bounded(title.ReplaceLineEndings(" "), LongestTitle), "-file", "-",
        ];
        var process = Run.Start("setpriv", arguments, Bounded(text, LongestText) + "\n");
        if (process is null) return "the machine has no setpriv; install util-linux in the image";

        // It stays up until the person has read it; only a failure ends it at once.
        using var soon = CancellationTokenSource.CreateLinkedTokenSource(ct);
        soon.CancelAfter(ToFail);
        try
        {
            await process.WaitForExitAsync(soon.Token);
            var error = await process.StandardError.ReadToEndAsync(ct);
            return process.ExitCode == 0 ? null : $"the message could not be shown: {Bounded(error.ReplaceLineEndings(" "), 200)}";
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            _ = DrainAsync(process);
            return null;
        }
    }

    private static async Task DrainAsync(Process process)
    {
        using (process)
        {
            await process.StandardError.ReadToEndAsync(CancellationToken.None);
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static string Bounded(string text, int most)
    {
        var shown = new string([.. text.Where(c => !char.IsControl(c) || c == '\n').Take(most)]);
        return shown.StartsWith('-') ? " " + shown : shown;
    }
}
