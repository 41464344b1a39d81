using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Identity.SecondFactor;
using OtpNet;

namespace Montalegre.Vdi.Broker.Tests.Identity;

/// <summary>Signs administrators of tests in, both steps: the first time with a new authenticator app, later with its recovery codes, which wait for no clock.</summary>
internal static class TestFactor
{
    private static readonly ConcurrentDictionary<Guid, ConcurrentQueue<string>> Codes = new();

    /// <summary>A console token of somebody who holds a role.</summary>
    public static async Task<string> AdministratorAsync(IServiceProvider services, string userName, string password, string source = "192.0.2.1")
    {
        var outcome = await services.GetRequiredService<SignInUser>().RunAsync(userName, password, Audience.Administrator, source, "", CancellationToken.None);
        return await ProveAsync(services, Assert.IsType<SignInOutcome.SecondStep>(outcome), source);
    }

    /// <summary>The session token behind a step.</summary>
    public static async Task<string> ProveAsync(IServiceProvider services, SignInOutcome.SecondStep step, string source = "192.0.2.1")
    {
        var prove = services.GetRequiredService<ProveSecondStep>();
        var codes = Codes.GetOrAdd(step.User.Id.Value, _ => new());
        if (!step.MustEnrol)
            return Assert.IsType<StepOutcome.SignedIn>(await prove.RunAsync(step.Token, codes.TryDequeue(out var code) ? code : "none left", enrol: false, source)).Token;

        var secret = await OfferedAsync(services, step);
        var done = Assert.IsType<StepOutcome.SignedIn>(await prove.RunAsync(step.Token, Code(services, secret), enrol: true, source));
        foreach (var code in done.RecoveryCodes) codes.Enqueue(code);
        return done.Token;
    }

    /// <summary>The secret that the person's app would read from the QR code.</summary>
    public static async Task<byte[]> OfferedAsync(IServiceProvider services, SignInOutcome.SecondStep step)
    {
        Assert.True(OpaqueToken.TryHash(step.Token, out var sha256));
        return await services.GetRequiredService<AppOffers>().OfferAsync(step.User.Id.Value, sha256);
    }

    /// <summary>What the app shows, by the broker's clock moved by some steps of 30 s.</summary>
    public static string Code(IServiceProvider services, byte[] secret, int steps = 0) =>
        new Totp(secret).ComputeTotp(services.GetRequiredService<TimeProvider>().GetUtcNow().UtcDateTime.AddSeconds(30 * steps));
}
