using System.Diagnostics;
using System.Text;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Portal.Connect;
using Montalegre.Vdi.Portal.Hosting;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>The file and the command hold what they should, whatever the names look like.</summary>
public sealed class WaysInTests
{
    private const string Ticket = "q7Zt5yD0m1-_Q7Zt5yD0m1-_Q7Zt5yD0m1-_Q7Zt5y0";
    private static readonly ReadyLaunch Launch = ReadyLaunch.Of(new LaunchReady { Ticket = Ticket, Gateways = { "rdp.example.pt:3389" } });

    [Fact]
    public void File_is_these_bytes_and_no_others()
    {
        const string expected =
            "full address:s:rdp.example.pt:3389\r\nloadbalanceinfo:s:Cookie: msts=" + Ticket + "\r\nusername:s:joão\r\n"
            + "enablecredsspsupport:i:0\r\nprompt for credentials:i:0\r\npromptcredentialonce:i:0\r\nauthentication level:i:2\r\n"
            + "negotiate security layer:i:1\r\nautoreconnection enabled:i:1\r\nscreen mode id:i:2\r\nuse multimon:i:0\r\nsmart sizing:i:1\r\n"
            + "dynamic resolution:i:1\r\nsession bpp:i:32\r\ncompression:i:1\r\nnetworkautodetect:i:1\r\nbandwidthautodetect:i:1\r\n"
            + "displayconnectionbar:i:1\r\nredirectclipboard:i:1\r\nredirectprinters:i:0\r\nredirectsmartcards:i:0\r\nredirectcomports:i:0\r\n"
            + "drivestoredirect:s:\r\naudiomode:i:0\r\naudiocapturemode:i:0\r\nkeyboardhook:i:2\r\n";
        Assert.Equal([0xFF, 0xFE, .. Encoding.Unicode.GetBytes(expected)], RdpFile.Write(Launch, "joão"));
    }

    [Theory]
    [InlineData("maria\r\nalternate shell:s:calc.exe")]
    [InlineData("maria\nredirectdrives:i:1")]
    [InlineData("maria\u2028x")]
    public void Name_with_a_line_break_adds_no_setting_to_the_file(string name)
    {
        var text = Encoding.Unicode.GetString(RdpFile.Write(Launch, name));
        Assert.Contains("\r\nusername:s:\r\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("alternate shell", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rdp.example.pt")]
    [InlineData("rdp.example.pt:0")]
    [InlineData("rdp.example.pt:70000")]
    [InlineData("rdp.example.pt:3389\r\nx:s:y")]
    [InlineData("$(reboot):3389")]
    [InlineData("-v:3389")]
    [InlineData("")]
    public void Gateway_that_is_not_host_and_port_makes_no_way_in(string gateway) =>
        Assert.Throws<InvalidOperationException>(() => ReadyLaunch.Of(new LaunchReady { Ticket = Ticket, Gateways = { gateway } }));

    [Theory]
    [InlineData("")]
    [InlineData("short")]
    [InlineData("q7Zt5yD0m1-_Q7Zt5yD0m1\r\nx:s:y")]
    [InlineData("q7Zt5yD0m1-_Q7Zt5yD0m1'; reboot '")]
    public void Ticket_that_is_not_base64url_makes_no_way_in(string ticket) =>
        Assert.Throws<InvalidOperationException>(() => ReadyLaunch.Of(new LaunchReady { Ticket = ticket, Gateways = { "[::1]:3389" } }));

    [Theory]
    [InlineData("maria")]
    [InlineData("maria silva")]
    [InlineData("o'neill; touch /tmp/x $(id) `id` \"q\" \\ |")]
    [InlineData("CÂMARA\\josé")]
    public async Task Shell_reads_back_exactly_the_words_of_the_command(string name)
    {
        var command = FreeRdpCommand.Write(Launch, name, new string('0', 64));
        Assert.StartsWith("xfreerdp ", command, StringComparison.Ordinal);
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh") { ArgumentList = { "-c", $"printf '%s\\n' {command["xfreerdp ".Length..]}" }, RedirectStandardOutput = true })!;
        var words = (await shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).TrimEnd('\n').Split('\n');
        Assert.Equal(
            [
                "/v:rdp.example.pt:3389", $"/load-balance-info:Cookie: msts={Ticket}", $"/u:{name}", "/p:", "/sec:tls",
                $"/cert:fingerprint:sha256:{string.Join(':', Enumerable.Repeat("00", 32))}", "/dynamic-resolution", "+clipboard",
            ],
            words);
    }

    [Fact]
    public void Command_trusts_on_first_use_when_no_fingerprint_is_known() =>
        Assert.Contains(" /cert:tofu ", FreeRdpCommand.Write(Launch, "maria", ""), StringComparison.Ordinal);

    [Theory]
    [InlineData("Secretaria", "Secretaria.rdp")]
    [InlineData("Balcão único", "Balcão único.rdp")]
    [InlineData("../../etc/passwd", "etc-passwd.rdp")]
    [InlineData("CON:|<>", "CON.rdp")]
    [InlineData("...", "montalegre.rdp")]
    public void File_name_is_one_that_every_system_takes(string desktop, string expected) => Assert.Equal(expected, RdpFile.NameFor(desktop));

    [Fact]
    public void Options_name_every_problem_with_its_key()
    {
        var problems = new PortalOptions
        {
            Broker = "http://plain", BrokerAuthority = "/no/such.pem", RdpCertificateSha256 = "zz",
            BrokerDeadline = TimeSpan.Zero, FirstAnswer = TimeSpan.Zero, WaitingRefresh = TimeSpan.Zero,
        }.Problems().ToList();
        Assert.Equal(6, problems.Count);
        Assert.All(problems, p => Assert.StartsWith("Portal:", p, StringComparison.Ordinal));
        Assert.Empty(new PortalOptions().Problems());
    }
}
