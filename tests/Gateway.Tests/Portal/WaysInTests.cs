using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Portal.Connect;
using Montalegre.Vdi.Portal.Hosting;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>The file and the command hold what they should, whatever the names look like.</summary>
public sealed class WaysInTests
{
    private const string Ticket = "q7Zt5yD0m1-_Q7Zt5yD0m1-_Q7Zt5yD0m1-_Q7Zt5y0";
    private static readonly ReadyLaunch Launch = ReadyLaunch.Of(new LaunchReady { Ticket = Ticket, Gateways = { "rdp.example.pt:3389" } });

    private static readonly GatewayLaunch ThroughGateway = GatewayLaunch.Of(
        new LaunchReady { Ticket = Ticket, Gateways = { "rdp.example.pt:3389" }, MachineName = "escritorio-7" }, new("portal.example.pt"))!;

    [Fact]
    public void File_is_these_bytes_and_no_others()
    {
        const string expected =
            "full address:s:rdp.example.pt:3389\r\nalternate full address:s:rdp.example.pt:3389\r\nloadbalanceinfo:s:Cookie: msts=" + Ticket + "\r\nusername:s:joão\r\n"
            + "enablecredsspsupport:i:0\r\nprompt for credentials:i:0\r\npromptcredentialonce:i:0\r\nauthentication level:i:2\r\n"
            + "negotiate security layer:i:1\r\nautoreconnection enabled:i:1\r\nscreen mode id:i:2\r\nuse multimon:i:0\r\nsmart sizing:i:1\r\n"
            + "dynamic resolution:i:1\r\nsession bpp:i:32\r\ncompression:i:1\r\nnetworkautodetect:i:1\r\nbandwidthautodetect:i:1\r\n"
            + "displayconnectionbar:i:1\r\nredirectcomports:i:0\r\nkeyboardhook:i:2\r\nredirectclipboard:i:1\r\nredirectprinters:i:1\r\n"
            + "redirectsmartcards:i:1\r\ndrivestoredirect:s:*\r\nusbdevicestoredirect:s:*\r\naudiomode:i:0\r\naudiocapturemode:i:1\r\n";
        Assert.Equal([0xFF, 0xFE, .. Encoding.Unicode.GetBytes(expected)], RdpFile.Write(Launch, "joão", []));
    }

    [Fact]
    public void File_for_the_gateway_names_the_machine_the_gateway_and_the_cookie()
    {
        var lines = Encoding.Unicode.GetString(RdpFile.Write(ThroughGateway, "joão", [])[2..]).Split("\r\n");
        Assert.Equal(
            [
                "full address:s:escritorio-7", "alternate full address:s:escritorio-7", "gatewayhostname:s:portal.example.pt:443", "gatewayusagemethod:i:1",
                "gatewayprofileusagemethod:i:1", "gatewaycredentialssource:i:5", $"gatewayaccesstoken:s:{Ticket}", "username:s:joão", "enablecredsspsupport:i:0",
                "prompt for credentials:i:0", "promptcredentialonce:i:0", "authentication level:i:0", "negotiate security layer:i:1",
            ],
            lines[..13]);
        Assert.DoesNotContain(lines, l => l.StartsWith("loadbalanceinfo", StringComparison.Ordinal));
    }

    [Fact]
    public void File_offers_nothing_that_the_pool_blocks()
    {
        DeviceFeature[] all = [.. Enum.GetValues<DeviceFeature>().Where(f => f is not DeviceFeature.Unspecified)];
        string[] none = ["redirectclipboard:i:0", "redirectprinters:i:0", "redirectsmartcards:i:0", "drivestoredirect:s:", "usbdevicestoredirect:s:", "audiomode:i:2", "audiocapturemode:i:0"];
        Assert.Equal(none, Lines(all)[^7..]);
        Assert.Contains("redirectclipboard:i:1", Lines([DeviceFeature.ClipboardToDesktop]));
        Assert.Contains("drivestoredirect:s:", Lines([DeviceFeature.Drives]));
        Assert.Contains("redirectprinters:i:1", Lines([DeviceFeature.Drives]));

        static string[] Lines(DeviceFeature[] blocked) => Encoding.Unicode.GetString(RdpFile.Write(ThroughGateway, "joão", blocked)[2..]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
    }

    [Fact]
    public async Task OpenSsl_agrees_with_the_signature_over_the_settings_in_its_scope()
    {
        var folder = Directory.CreateTempSubdirectory("rdp-signing-").FullName;
        string At(string name) => Path.Combine(folder, name);
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=Câmara", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await File.WriteAllTextAsync(At("cert.pem"), certificate.ExportCertificatePem(), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(At("key.pem"), key.ExportPkcs8PrivateKeyPem(), TestContext.Current.CancellationToken);
        using var signature = RdpSignature.Of(new PortalOptions { SigningCertificateFile = At("cert.pem"), SigningKeyFile = At("key.pem") });

        var lines = Encoding.Unicode.GetString(RdpFile.Write(ThroughGateway, "joão", [], signature)[2..]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var scope = lines.Single(l => l.StartsWith("signscope:s:", StringComparison.Ordinal));
        var signed = Convert.FromBase64String(lines[^1]["signature:s:".Length..]);
        Assert.Equal([0x01, 0x00, 0x01, 0x00, 0x01, 0x00, 0x00, 0x00], signed[..8]);
        Assert.Equal(signed.Length - 12, BitConverter.ToInt32(signed, 8));
        await File.WriteAllBytesAsync(At("signature.der"), signed[12..], TestContext.Current.CancellationToken);

        // Put together again as a client does: each name of the scope is one line of the file, in this order.
        var names = scope["signscope:s:".Length..].Split(',').Select(n => n.ToLowerInvariant());
        var message = string.Concat(names.Select(n => lines.Single(l => l.StartsWith(n + ":", StringComparison.Ordinal)) + "\r\n")) + scope + "\r\n\0";
        Assert.Contains("GatewayHostname", scope, StringComparison.Ordinal);
        await File.WriteAllBytesAsync(At("message"), Encoding.Unicode.GetBytes(message), TestContext.Current.CancellationToken);
        string[] verify = ["cms", "-verify", "-binary", "-inform", "DER", "-in", At("signature.der"), "-content", At("message"), "-CAfile", At("cert.pem"), "-purpose", "any", "-out", At("out")];
        await OwnProcess.RunAsync("/usr/bin/openssl", verify);
        await File.WriteAllBytesAsync(At("message"), Encoding.Unicode.GetBytes(message.Replace("escritorio-7", "escritorio-8", StringComparison.Ordinal)), TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<InvalidOperationException>(() => OwnProcess.RunAsync("/usr/bin/openssl", verify));
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("Escritório 7", "portal.example.pt")]
    [InlineData("a\r\nb", "portal.example.pt")]
    [InlineData("", "portal.example.pt")]
    [InlineData("escritorio-7", "$(reboot)")]
    public void Name_that_is_no_host_name_makes_no_way_through_the_gateway(string machine, string host) =>
        Assert.Null(GatewayLaunch.Of(new LaunchReady { Ticket = Ticket, Gateways = { "rdp.example.pt:3389" }, MachineName = machine }, new(host)));

    [Fact]
    public void Command_through_the_gateway_is_ready_to_paste() =>
        Assert.StartsWith(
            $"xfreerdp /v:escritorio-7 /g:portal.example.pt:443 /gt:http /gat:{Ticket} /u:maria /p: /sec:tls /cert:tofu ",
            FreeRdpCommand.Write(ThroughGateway, "maria", ""), StringComparison.Ordinal);

    [Theory]
    [InlineData("maria\r\nalternate shell:s:calc.exe")]
    [InlineData("maria\nredirectdrives:i:1")]
    [InlineData("maria\u2028x")]
    public void Name_with_a_line_break_adds_no_setting_to_the_file(string name)
    {
        var text = Encoding.Unicode.GetString(RdpFile.Write(Launch, name, []));
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
            Broker = "http://plain", BrokerAuthority = "/no/such.pem", RdpCertificateSha256 = "zz", SigningCertificateFile = "/no/such.crt",
            BrokerDeadline = TimeSpan.Zero, FirstAnswer = TimeSpan.Zero, WaitingRefresh = TimeSpan.Zero,
        }.Problems().ToList();
        Assert.Equal(8, problems.Count);
        Assert.All(problems, p => Assert.StartsWith("Portal:", p, StringComparison.Ordinal));
        Assert.Empty(new PortalOptions().Problems());
    }
}
