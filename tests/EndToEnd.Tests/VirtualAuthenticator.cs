using System.Text.Json;
using Microsoft.Playwright;

namespace Montalegre.Vdi.EndToEnd.Tests;

/// <summary>Chromium's own virtual authenticator: one that is built in and has recognised its owner (DevTools protocol, domain WebAuthn).</summary>
internal sealed class VirtualAuthenticator(ICDPSession devtools, string id)
{
    public static async Task<VirtualAuthenticator> AddAsync(IPage page)
    {
        var devtools = await page.Context.NewCDPSessionAsync(page);
        await devtools.SendAsync("WebAuthn.enable");
        var added = await devtools.SendAsync("WebAuthn.addVirtualAuthenticator", new()
        {
            ["options"] = new Dictionary<string, object>
            {
                ["protocol"] = "ctap2", ["transport"] = "internal", ["hasResidentKey"] = true, ["hasUserVerification"] = true, ["isUserVerified"] = true, ["automaticPresenceSimulation"] = true,
            },
        });
        return new(devtools, added!.Value.GetProperty("authenticatorId").GetString()!);
    }

    /// <summary>How often its only credential has signed.</summary>
    public async Task<long> SignaturesAsync() =>
        Assert.Single(await CredentialsAsync()).GetProperty("signCount").GetInt64();

    /// <summary>Whether it answers with its owner recognised.</summary>
    public Task KnowsOwnerAsync(bool knows) =>
        devtools.SendAsync("WebAuthn.setUserVerified", new() { ["authenticatorId"] = id, ["isUserVerified"] = knows });

    private async Task<IReadOnlyList<JsonElement>> CredentialsAsync()
    {
        var answer = await devtools.SendAsync("WebAuthn.getCredentials", new() { ["authenticatorId"] = id });
        return [.. answer!.Value.GetProperty("credentials").EnumerateArray()];
    }
}
