using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Agents;

/// <summary>Agents over real TLS against a whole broker with short periods.</summary>
public sealed class AgentChannelTests(TestCluster cluster) : IAsyncLifetime
{
    // An agent that stands still for seconds, as this whole process may, is silent only where a test is about silence.
    private const int Shortly = 3, Long = 1000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly TestBroker _broker = new(cluster) { Leads = false };
    private Arrange _rows = null!;

    /// <summary>Missed heartbeats after which an agent counts as silent, from now on.</summary>
    private void SilentAfter(int heartbeats) => _broker.Services.GetRequiredService<IOptions<AgentOptions>>().Value.SilentAfter = heartbeats;

    public async ValueTask InitializeAsync()
    {
        await _broker.StartAsync(["--Agents:HeartbeatEvery=00:00:00.300", $"--Agents:SilentAfter={Long}", "--Agents:HelloWithin=00:01:00", "--Agents:WriteSeenEvery=00:00:01", "--Agents:ReturnWithin=00:00:00"]);
        _rows = new Arrange(_broker.Database.DataSource);
    }

    public ValueTask DisposeAsync() => _broker.DisposeAsync();

    [Fact]
    public async Task Join_token_makes_one_certificate_even_if_16_ask_at_once()
    {
        var machine = await _rows.MachineAsync("floating", "provisioning");
        var token = await _broker.Services.GetRequiredService<JoinTokens>().MakeAsync(machine, TimeSpan.FromMinutes(15));
        var enrolment = new AgentEnrolment.AgentEnrolmentClient(_broker.Api());

        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => JoinAsync(enrolment, token.Token, machine)));

        var joined = Assert.Single(answers, a => a.Response is not null).Response!;
        Assert.Equal(machine.Value.ToString(), joined.MachineId);
        Assert.All(answers.Where(a => a.Response is null), a => Assert.Equal("JOIN_TOKEN_INVALID", a.Reason));
        Assert.Equal(1, await _rows.ScalarAsync<int>("select count(*)::integer from certificate where subject_id = @id", machine.Value));
        Assert.Equal(1, await _rows.AuditsAsync(machine.Value, "machine.join"));
    }

    [Fact]
    public async Task Token_of_another_machine_an_older_token_and_a_bad_request_join_nobody()
    {
        var machine = await _rows.MachineAsync("floating", "provisioning");
        var tokens = _broker.Services.GetRequiredService<JoinTokens>();
        var enrolment = new AgentEnrolment.AgentEnrolmentClient(_broker.Api());
        var older = await tokens.MakeAsync(machine, TimeSpan.FromMinutes(15));
        var token = await tokens.MakeAsync(machine, TimeSpan.FromMinutes(15));

        Assert.Equal("JOIN_TOKEN_INVALID", (await JoinAsync(enrolment, older.Token, machine)).Reason);
        Assert.Equal("JOIN_TOKEN_INVALID", (await JoinAsync(enrolment, token.Token, new MachineId(Guid.NewGuid()))).Reason);
        var bad = await Assert.ThrowsAsync<RpcException>(async () => await enrolment.JoinAsync(new JoinRequest
        {
            JoinToken = token.Token, SystemUuid = machine.Value.ToString(), CertificateRequest = ByteString.CopyFromUtf8("nonsense"),
        }, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal("CERTIFICATE_REQUEST_INVALID", bad.Trailers.GetValue("reason"));
        Assert.NotNull((await JoinAsync(enrolment, token.Token, machine)).Response);
    }

    [Theory]
    [InlineData("await_agent")]
    [InlineData("start")]
    public async Task Hello_ends_the_awaiting_operation_and_makes_the_machine_available(string step)
    {
        var machine = await _rows.MachineAsync("floating", "provisioning");
        await _rows.OperationAsync(machine, "provision", step);
        await using var agent = await ConnectAsync(machine);

        await agent.WelcomedAsync();

        Assert.Equal("available", await _rows.MachineStateAsync(machine));
        Assert.Null(await _rows.RunningAsync(machine));
        Assert.Equal("{10.0.0.9}", await _rows.ScalarAsync<string>("select addresses::text from machine_agent where machine_id = @id", machine.Value));
    }

    [Fact]
    public async Task Hello_in_the_middle_of_a_refresh_does_not_make_the_machine_available()
    {
        var machine = await _rows.MachineAsync("floating", "provisioning");
        await _rows.OperationAsync(machine, "refresh", "overlay");
        await using var agent = await ConnectAsync(machine);

        await agent.WelcomedAsync();

        Assert.Equal("provisioning", await _rows.MachineStateAsync(machine));
        Assert.Equal("refresh overlay", await _rows.RunningAsync(machine));
    }

    [Fact]
    public async Task First_hello_of_a_manual_machine_makes_it_available()
    {
        var machine = await _rows.MachineAsync("manual", "provisioning");
        await using var agent = await ConnectAsync(machine);

        await agent.WelcomedAsync();

        Assert.Equal("available", await _rows.MachineStateAsync(machine));
    }

    [Fact]
    public async Task Silent_agent_makes_its_machine_unreachable_and_comes_back_to_its_session()
    {
        var machine = await _rows.MachineAsync("floating", "available");
        var session = await _rows.SessionAsync(machine, "active", "c1");
        await using (var agent = await ConnectAsync(machine)) await agent.WelcomedAsync();

        SilentAfter(Shortly);
        await Until.EqualAsync("unreachable", () => _rows.MachineStateAsync(machine));
        Assert.Equal(1, await _rows.AuditsAsync(machine.Value, "machine.unreachable"));
        Assert.False(await _rows.ScalarAsync<bool>("select connected from machine_agent where machine_id = @id", machine.Value));

        SilentAfter(Long);
        await using var back = await ConnectAsync(machine);
        await back.WelcomedAsync();
        Assert.Equal("in_use", await _rows.MachineStateAsync(machine));
        Assert.Equal("active", await _rows.SessionStateAsync(session));
    }

    [Fact]
    public async Task Open_stream_on_which_nothing_is_said_is_cut()
    {
        var machine = await _rows.MachineAsync("floating", "available");
        await using var agent = await ConnectAsync(machine, heartbeat: false);
        await agent.WelcomedAsync();

        SilentAfter(Shortly);
        await Until.EqualAsync("unreachable", () => _rows.MachineStateAsync(machine));

        Assert.Equal("AGENT_SILENT", await agent.EndReasonAsync());
    }

    [Fact]
    public async Task Machine_that_rebooted_without_its_session_ends_it_and_is_refreshed()
    {
        var machine = await _rows.MachineAsync("floating", "available");
        await using (var before = await ConnectAsync(machine, boot: "one")) await before.WelcomedAsync();
        var session = await _rows.SessionAsync(machine, "active", "c1");
        await using var agent = await ConnectAsync(machine, boot: "two");
        await agent.WelcomedAsync();

        await agent.SayAsync(new AgentMessage { Sessions = new SessionsSnapshot() });

        await Until.EqualAsync("ended", () => _rows.SessionStateAsync(session));
        Assert.Equal("machine_restarted", await _rows.ScalarAsync<string>("select end_reason from session where session_id = @id", session.Value));
        Assert.Equal("refresh stop", await _rows.RunningAsync(machine));
    }

    [Fact]
    public async Task Reconnection_of_one_boot_replaces_the_older_stream()
    {
        var machine = await _rows.MachineAsync("floating", "available");
        await using var first = await ConnectAsync(machine);
        await first.WelcomedAsync();
        await using var second = await ConnectAsync(machine);
        await second.WelcomedAsync();

        Assert.NotNull(await first.EndReasonAsync());
        Assert.Equal("available", await _rows.MachineStateAsync(machine));
        Assert.IsType<CommandOutcome.Ok>(await _broker.Services.GetRequiredService<AgentDirectory>().SendAsync(
            machine, new Command { Restart = new Restart() }, Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task One_certificate_alive_in_two_places_quarantines_both()
    {
        var machine = await _rows.MachineAsync("floating", "available");
        await using var first = await ConnectAsync(machine, boot: "one");
        await first.WelcomedAsync();
        await using var second = await ConnectAsync(machine, boot: "two");
        await second.WelcomedAsync();

        Assert.Equal("DUPLICATE_IDENTITY", await first.EndReasonAsync());
        Assert.Equal("DUPLICATE_IDENTITY", await second.EndReasonAsync());
        Assert.Equal("faulted", await _rows.MachineStateAsync(machine));
        Assert.Equal(1, await _rows.AuditsAsync(machine.Value, "machine.quarantine"));
        Assert.Equal(0, await _rows.ScalarAsync<int>("select count(*)::integer from certificate where subject_id = @id and revoked_at is null", machine.Value));
    }

    [Fact]
    public async Task Flood_of_messages_is_cut_and_other_agents_are_not_disturbed()
    {
        var machine = await _rows.MachineAsync("floating", "available");
        var other = await _rows.MachineAsync("floating", "available");
        await using var quiet = await ConnectAsync(other);
        await quiet.WelcomedAsync();
        await using var agent = await ConnectAsync(machine, heartbeat: false);
        await agent.WelcomedAsync();

        await agent.FloodAsync(10_000);

        Assert.Equal("TOO_MANY_CONNECTIONS", await agent.EndReasonAsync());
        Assert.IsType<CommandOutcome.Ok>(await _broker.Services.GetRequiredService<AgentDirectory>().SendAsync(
            other, new Command { Restart = new Restart() }, Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Agents_of_a_broker_that_is_gone_are_unreachable_if_they_do_not_come_back()
    {
        var machine = await _rows.MachineAsync("floating", "available");
        await _rows.ExecuteAsync("insert into machine_agent (machine_id, connected, node_id) values (@id, true, @node)", new { id = machine.Value, node = Guid.NewGuid() });

        await Until.EqualAsync("unreachable", () => _rows.MachineStateAsync(machine));
    }

    private async Task<ConnectedAgent> ConnectAsync(MachineId machine, string boot = "boot", bool heartbeat = true)
    {
        var certificate = await _broker.IssueAsync(PeerKind.Machine, machine.Value);
        return await ConnectedAgent.ConnectAsync(_broker.Channel(certificate), boot, heartbeat ? TimeSpan.FromMilliseconds(200) : null);
    }

    private static async Task<(JoinResponse? Response, string? Reason)> JoinAsync(AgentEnrolment.AgentEnrolmentClient enrolment, string token, MachineId machine)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=ignored", key, HashAlgorithmName.SHA256).CreateSigningRequest();
        try
        {
            var response = await enrolment.JoinAsync(new JoinRequest
            {
                JoinToken = token, SystemUuid = machine.Value.ToString(), CertificateRequest = ByteString.CopyFrom(request), ComputerName = "test",
            });
            return (response, null);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.PermissionDenied)
        {
            return (null, e.Trailers.GetValue("reason"));
        }
    }
}
