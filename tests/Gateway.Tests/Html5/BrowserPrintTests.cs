using System.Text;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Protocol.Channels;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Rig.Html5;

namespace Montalegre.Vdi.Gateway.Tests.Html5;

/// <summary>What a desktop prints reaches the browser as PDF: the real library's server side prints, a real Ghostscript converts; see <see cref="ChannelServer"/>.</summary>
public sealed class BrowserPrintTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task PostScript_of_a_real_program_comes_as_a_pdf_with_its_pages_and_words()
    {
        Require("/usr/bin/pdftotext", "/usr/bin/pdfinfo");
        var document = Path.GetTempFileName();
        try
        {
            // The text of a letter on two pages, set by Ghostscript's own PostScript writer: more than one piece on its way.
            await File.WriteAllTextAsync(document, """
                %!PS-Adobe-3.0
                %%Title: (Carta a Montalegre)
                %%Pages: 2
                /Times-Roman findfont 24 scalefont setfont
                72 720 moveto (Exmo. Senhor Presidente) show showpage
                /Times-Roman findfont 24 scalefont setfont
                72 720 moveto (Segunda folha) show showpage
                %%EOF
                """);
            var postScript = document + ".ps";
            await OwnProcess.RunAsync("/usr/bin/gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-sDEVICE=ps2write", $"-sOutputFile={postScript}", document);
            await using var stage = await OpenAsync(postScript);
            Assert.True(stage.Browser.Welcome!.Allowed.HasFlag(Allowed.Print), stage.Said);
            byte[] pdf;
            try { pdf = await stage.Browser.DownloadAsync(n => n.EndsWith(".pdf", StringComparison.Ordinal)); }
            catch (Exception e) when (e is TimeoutException or InvalidOperationException) { throw new InvalidOperationException($"{e.Message}\n{stage.Said}", e); }
            Assert.True(stage.Browser.Offers().Single().IsDocument);
            await File.WriteAllBytesAsync(document, pdf);
            Assert.Contains("Pages:           2", await OwnProcess.RunAsync("/usr/bin/pdfinfo", document), StringComparison.Ordinal);
            var text = await OwnProcess.RunAsync("/usr/bin/pdftotext", document, "-");
            Assert.Contains("Exmo. Senhor Presidente", text, StringComparison.Ordinal);
            Assert.Contains("Segunda folha", text, StringComparison.Ordinal);
            await stage.Browser.ByeAsync();
            File.Delete(postScript);
        }
        finally { File.Delete(document); }
    }

    [Fact]
    public async Task Document_that_is_pdf_already_is_passed_on_as_it_is_under_a_plain_name()
    {
        var document = Path.GetTempFileName();
        try
        {
            var pdf = Encoding.ASCII.GetBytes("%PDF-1.4\n" + new string('x', 200_000) + "\n%%EOF");
            await File.WriteAllBytesAsync(document, pdf);
            await using var stage = await OpenAsync(document);
            Assert.Equal(pdf, await stage.Browser.DownloadAsync(n => n == "Documento.pdf"));
            await stage.Browser.ByeAsync();
        }
        finally { File.Delete(document); }
    }

    [Theory]
    [InlineData("%!PS\n(/etc/passwd) (r) file 100 string readstring pop show showpage\n")]
    [InlineData("%!PS\n(%pipe%id) (r) file closefile showpage\n")]
    [InlineData("%!PS\nthis is no PostScript\n")]
    public async Task Document_that_is_broken_or_reaches_for_files_and_programs_fails_and_says_so(string postScript)
    {
        var document = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(document, postScript);
            await using var stage = await OpenAsync(document);
            Assert.True(await stage.Browser.UntilAsync(b => b.Others.Any(m => m[0] == (byte)ServerMessage.FileRefused), Patience), stage.Said);
            var (file, isDocument, _, _) = Assert.Single(stage.Browser.Offers());
            Assert.True(isDocument);
            Assert.Equal(ReasonCode.PrintFailed, (ReasonCode)stage.Browser.RefusalOf(file)!.Value);
            await stage.Browser.ByeAsync();
        }
        finally { File.Delete(document); }
    }

    [Fact]
    public async Task Pool_without_printers_shows_the_machine_none_but_still_its_drive()
    {
        var document = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(document, "%PDF-1.4\n");
            await using var stage = await OpenAsync(document, new ChannelPolicy { Printers = false });
            Assert.False(stage.Browser.Welcome!.Allowed.HasFlag(Allowed.Print));
            Assert.True(await Eventually.IsTrueAsync(() => stage.Server.Output.Contains("drive 1 Portal", StringComparison.Ordinal), Patience), stage.Said);
            Assert.DoesNotContain("printer", stage.Server.Output, StringComparison.Ordinal);
            await stage.Browser.ByeAsync();
        }
        finally { File.Delete(document); }
    }

    private static void Require(params string[] programs) =>
        Assert.SkipWhen(programs.Append("/usr/bin/gs").FirstOrDefault(p => !File.Exists(p)) is not null, "ghostscript or poppler-utils is missing; run the tests by dev.cs, which installs them.");

    private static Task<ChannelStage> OpenAsync(string document, ChannelPolicy? policy = null)
    {
        Require();
        return ChannelStage.OpenAsync("print", document, policy);
    }
}
