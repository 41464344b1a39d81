using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using System.Web;
using Montalegre.Vdi.Rig.OpenId;

namespace Montalegre.Vdi.Broker.Tests.OpenId;

/// <summary>A browser without script: it follows a provider's redirects and fills its forms in, and stops where it would come back to us.</summary>
internal sealed partial class ProviderBrowser : IDisposable
{
    private const int MostPages = 20;
    private readonly HttpClient _http;

    public ProviderBrowser(OpenIdProvider provider)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPem(provider.Authority);
        _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy } });
    }

    /// <summary>Signs in there as somebody, unless that was done before, and consents. What the address of the way back says.</summary>
    public async Task<IReadOnlyDictionary<string, string>> GoAsync(string address, string name, string face = OidcBroker.Face)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, address);
        for (var page = 0; page < MostPages; page++)
        {
            using var answer = await _http.SendAsync(request, TestContext.Current.CancellationToken);
            if (answer.Headers.Location is { } location)
            {
                var next = new Uri(request.RequestUri!, location);
                if (next.AbsoluteUri.StartsWith(face, StringComparison.Ordinal))
                {
                    var query = HttpUtility.ParseQueryString(next.Query);
                    return query.AllKeys.ToDictionary(key => key!, key => query[key]!);
                }
                request = new(HttpMethod.Get, next);
                continue;
            }
            var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.True(answer.StatusCode is HttpStatusCode.OK && Form().IsMatch(text), $"{request.RequestUri}: {answer.StatusCode}: {text}");
            var fields = Field().Matches(text).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
            if (text.Contains("name=\"login\"", StringComparison.Ordinal)) (fields["login"], fields["password"]) = (name, "any");
            if (text.Contains("name=\"logout\"", StringComparison.Ordinal)) fields["logout"] = "yes";
            request = new(HttpMethod.Post, new Uri(request.RequestUri!, WebUtility.HtmlDecode(Form().Match(text).Groups[1].Value))) { Content = new FormUrlEncodedContent(fields) };
        }
        throw new InvalidOperationException($"no way back after {MostPages} pages");
    }

    /// <summary>Signs out there. When it comes back the provider has told everybody that wants to hear of it.</summary>
    public async Task SignOutAsync(string issuer)
    {
        var text = await _http.GetStringAsync($"{issuer}/session/end", TestContext.Current.CancellationToken);
        var fields = Field().Matches(text).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
        fields["logout"] = "yes";
        using var answer = await _http.PostAsync(new Uri(new Uri(issuer), WebUtility.HtmlDecode(Form().Match(text).Groups[1].Value)), new FormUrlEncodedContent(fields), TestContext.Current.CancellationToken);
        Assert.True((int)answer.StatusCode < 400, $"{answer.StatusCode}");
    }

    public void Dispose() => _http.Dispose();

    [GeneratedRegex("<form[^>]* action=\"([^\"]+)\"")]
    private static partial Regex Form();

    [GeneratedRegex("<input type=\"hidden\" name=\"([^\"]+)\" value=\"([^\"]*)\"")]
    private static partial Regex Field();
}
