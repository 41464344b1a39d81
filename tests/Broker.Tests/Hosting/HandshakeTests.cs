using System.Net;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Rig.Postgres;
using Microsoft.Extensions.DependencyInjection;

namespace Montalegre.Vdi.Broker.Tests.Hosting;

public sealed class HandshakeTests(TestBroker broker) : IClassFixture<TestBroker>
{
    [Fact]
    public async Task Handshake_shows_leaf_and_authority_so_that_a_joining_agent_can_check_the_hash_it_was_given()
    {
        var shown = await Run.ToEndAsync("/usr/bin/openssl", ["s_client", "-connect", new Uri(broker.ApiAddress).Authority, "-showcerts", "-CAfile", Path.Combine(broker.StateDirectory, "authority.pem"), "-verify_return_error", "-verify_hostname", "broker.montalegre.internal", "-alpn", "h2"], "", TestContext.Current.CancellationToken);

        Assert.Equal(2, shown.Split("-----BEGIN CERTIFICATE-----").Length - 1);
        Assert.Contains("Verify return code: 0 (ok)", shown, StringComparison.Ordinal);
        Assert.Contains("ALPN protocol: h2", shown, StringComparison.Ordinal);
        var authority = broker.Services.GetRequiredService<CertificateAuthority>();
        Assert.Contains(authority.Certificate.ExportCertificatePem(), shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Api_endpoint_speaks_http_1_and_2(string version)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/healthz/ready") { Version = Version.Parse(version), VersionPolicy = HttpVersionPolicy.RequestVersionExact };

        using var response = await broker.Http(broker.ApiAddress).SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("ready", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
