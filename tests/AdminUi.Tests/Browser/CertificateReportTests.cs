namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>The broker hears which certificate browsers see at the console.</summary>
public sealed class CertificateReportTests(Chromium chromium)
{
    [Fact]
    public async Task Certificate_of_the_console_is_reported_once_somebody_is_signed_in()
    {
        await using var console = await RunningConsole.StartAsync();
        for (var n = 0; n < 2; n++)
        {
            var page = await chromium.OpenAsync(console, path: "/pools");
            await Ready.PageAsync(page);
        }

        await Ready.ThatAsync(() => !console.World.ConsoleCertificates.IsEmpty, "the certificate was reported");     // no page waits for it
        var said = Assert.Single(console.World.ConsoleCertificates);
        Assert.Equal(Environment.MachineName, said.Name);
        Assert.StartsWith("CN=", said.Subject, StringComparison.Ordinal);
        Assert.True(said.NotAfter.ToDateTime() > DateTime.UtcNow);
    }
}
