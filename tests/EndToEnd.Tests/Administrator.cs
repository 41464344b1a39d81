using Grpc.Core;
using Grpc.Net.Client;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Rig.Clients;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.EndToEnd.Tests;

/// <summary>The first administrator with the public API in hand.</summary>
public sealed class Administrator
{
    public const string UserName = "rui.costa";
    public const string Password = "granito-verde-do-barroso";
    private readonly Metadata _token;

    private Administrator(GrpcChannel channel, RigAuthenticator authenticator)
    {
        Authenticator = authenticator;
        _token = new() { { "authorization", $"Bearer {authenticator.Token}" } };
        Machines = new(channel);
        Sessions = new(channel);
        Pools = new(channel);
        Audit = new(channel);
        Infrastructure = new(channel);
        Images = new(channel);
        Rollouts = new(channel);
        Power = new(channel);
    }

    public Machines.MachinesClient Machines { get; }

    public Sessions.SessionsClient Sessions { get; }

    public Pools.PoolsClient Pools { get; }

    public Audit.AuditClient Audit { get; }

    public Infrastructure.InfrastructureClient Infrastructure { get; }

    public Images.ImagesClient Images { get; }

    public Rollouts.RolloutsClient Rollouts { get; }

    public Power.PowerClient Power { get; }

    /// <summary>For sign-ins at the console.</summary>
    public RigAuthenticator Authenticator { get; }

    /// <summary>What every call carries.</summary>
    public Metadata Token => _token;

    /// <summary>Uses the one-time link, as a person would through the console.</summary>
    public static async Task<Administrator> SetUpAsync(DemonstrationStack stack)
    {
        var channel = new DemonstrationDesktops(stack).Channel();
        var link = stack.SetUpLink ?? throw new InvalidOperationException("There is no set-up link.");
        var begun = await new Administrators.AdministratorsClient(channel).SetUpAsync(new() { Token = link[(link.IndexOf('#', StringComparison.Ordinal) + 1)..], UserName = UserName, DisplayName = "Rui Costa", Password = Password });
        var done = await RigAuthenticator.EnrolAsync(channel, begun.SecondStep);
        return new(channel, done);
    }

    public async Task<Machine> TheMachineAsync() => Assert.Single((await Machines.ListAsync(new(), _token)).Machines);

    /// <summary>The open session on the machine, with phases, connections and history.</summary>
    public async Task<SessionDetails> SessionAsync(string id) => await Sessions.GetAsync(new() { SessionId = id }, _token);

    /// <summary>Waits until the session is in a state.</summary>
    public async Task UntilAsync(string session, SessionState state, TimeSpan patience) =>
        Assert.True(await Eventually.IsTrueAsync(async () => (await SessionAsync(session)).Session.State == state, patience),
            $"The session is {(await SessionAsync(session)).Session.State}, not {state}.");
}
