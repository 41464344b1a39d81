using Montalegre.Vdi.AdminUi.Hosting;

namespace Montalegre.Vdi.AdminUi.Tests;

public sealed class ConsoleOptionsTests
{
    [Fact]
    public void Every_wrong_setting_is_named_with_its_key_at_once()
    {
        var problems = new ConsoleOptions { Urls = "http://0.0.0.0:80", CertificatePath = "/nowhere.pem", BrokerAddress = "http://broker", BrokerName = " ", DrawInterval = TimeSpan.Zero }.Problems().ToList();
        foreach (var key in new[] { "Console:Urls", "Console:CertificatePath", "Console:BrokerAddress", "Console:BrokerCertificateAuthorityPath", "Console:BrokerName", "Console:DrawInterval" })
            Assert.Single(problems, p => p.StartsWith(key + " ", StringComparison.Ordinal));
    }

    [Fact]
    public void Right_settings_have_no_problem()
    {
        var file = typeof(ConsoleOptionsTests).Assembly.Location;
        Assert.Empty(new ConsoleOptions { CertificatePath = file, BrokerAddress = "https://127.0.0.1:7443", BrokerCertificateAuthorityPath = file }.Problems());
    }
}
