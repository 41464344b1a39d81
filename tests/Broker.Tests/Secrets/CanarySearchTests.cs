using System.Net.Http.Headers;
using System.Text;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Broker.Tests.Certificates;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Contracts.Identity.V1;
using Montalegre.Vdi.Rig.Postgres;
using Npgsql;
using OtpNet;

namespace Montalegre.Vdi.Broker.Tests.Secrets;

/// <summary>
/// Marked secrets go everywhere that takes or makes one, on a whole broker that says as much as it can; then nothing of them may stand in
/// a dump of its database or in its log, in any encoding.
/// </summary>
public sealed class CanarySearchTests(TestCluster cluster) : IAsyncLifetime
{
    private readonly TestBroker _broker = new(cluster) { Leads = false };
    private readonly Canaries _canaries = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    // Its keys are in a token, so that the PIN is looked for, too.
    public ValueTask InitializeAsync() => _broker.StartAsync(["--Hosting:LogLevel=Verbose", "--Launch:TicketLifetime=00:01:00", "--Gateways:AgentBackWithin=00:00:03", "--Gateways:PrepareWithin=00:00:25", .. SoftHsm.Settings(SoftHsm.Options(_broker.StateDirectory, "canario"))]);

    public ValueTask DisposeAsync() => _broker.DisposeAsync();

    [Fact]
    public async Task No_secret_is_found_in_the_database_or_the_log()
    {
        _canaries.Add("token's PIN", SoftHsm.Pin);
        var boss = await FirstAdministratorAsync();
        await PeopleAsync(boss);
        await MachinesAsync(boss);
        await DesktopAsync();
        await WrongOnesAsync();
        await new Contracts.Admin.V1.Groups.GroupsClient(_broker.Api()).CreateAsync(new() { Name = "searched-for", Description = "em claro: é público" }, boss);
        Assert.True(_canaries.Names.Count >= 25);

        await _broker.RestartAsync();   // what the log still held is written
        var found = _canaries.FindIn("the dump", await DumpAsync()).Concat(Logs().SelectMany(log => _canaries.FindIn(Path.GetFileName(log.Name), log.Content))).ToList();

        Assert.Empty(found);
        // The search itself: what is stored in clear is found, so the right database and the right log were looked at.
        var control = new Canaries();
        control.Add("control", "em claro: é público");
        Assert.NotEmpty(control.FindIn("the dump", await DumpAsync()));
        var spoken = new Canaries();
        spoken.Add("control", "Emergency sign-in refused for");
        Assert.Contains(Logs(), log => spoken.FindIn(log.Name, log.Content).Any());
    }

    // Set-up, password, authenticator app, recovery codes, console token.
    private async Task<CallOptions> FirstAdministratorAsync()
    {
        var token = (await File.ReadAllTextAsync(Path.Combine(_broker.StateDirectory, "set-up-token"), Ct)).Trim();
        var (administrators, step) = (new Administrators.AdministratorsClient(_broker.Api()), new SecondStep.SecondStepClient(_broker.Api()));
        var begun = await administrators.SetUpAsync(new() { Token = _canaries.AddToken("set-up token", token), UserName = "rosa", Password = _canaries.Add("administrator's password", "primeiro-canário-4711") }, cancellationToken: Ct);
        var pending = _canaries.AddToken("step", begun.SecondStep.Step);
        var app = await step.EnrolTotpAsync(new() { Step = pending }, cancellationToken: Ct);
        var secret = Base32Encoding.ToBytes(_canaries.Add("authenticator's secret", app.Secret));
        _canaries.AddBytes("authenticator's secret", "bits", secret);
        _canaries.Add("authenticator's address", app.Uri);
        var done = await step.ConfirmTotpAsync(new() { Step = pending, Code = TestFactor.Code(_broker.Services, secret) }, cancellationToken: Ct);
        foreach (var code in done.RecoveryCodes) _canaries.Add("recovery code", code);
        foreach (var code in done.RecoveryCodes) _canaries.Add("recovery code without dashes", code.Replace("-", "", StringComparison.Ordinal));
        var again = await administrators.SignInAsync(new() { UserName = "rosa", Password = "primeiro-canário-4711" }, cancellationToken: Ct);
        var byCode = await step.ProveAsync(new() { Step = _canaries.AddToken("second step", again.SecondStep.Step), Code = done.RecoveryCodes[0] }, cancellationToken: Ct);
        await administrators.SignOutAsync(new(), TestApi.With(_canaries.AddToken("ended console token", byCode.Token)));
        return TestApi.With(_canaries.AddToken("console token", done.Token));
    }

    // Passwords that are given, changed, too weak or for nobody; keys; an emergency.
    private async Task PeopleAsync(CallOptions boss)
    {
        var users = new Users.UsersClient(_broker.Api());
        await users.CreateAsync(new() { UserName = "ana", Password = _canaries.Add("first password", "terceiro-pássaro-0815") }, boss);
        await users.SetPasswordAsync(new() { UserName = "ana", Password = _canaries.Add("second password", "segundo-canário-9922") }, boss);
        await RefusedAsync(users.CreateAsync(new() { UserName = "root", Password = _canaries.Add("password of nobody", "canário-de-ninguém-31") }, boss));
        await RefusedAsync(users.SetPasswordAsync(new() { UserName = "ana", Password = _canaries.Add("weak password", "canárioo9") }, boss));

        var keys = new ApiKeys.ApiKeysClient(_broker.Api());
        var made = await keys.MakeAsync(new() { Name = "nightly", Role = "auditor", Days = 9 }, boss);
        var key = _canaries.AddToken("API key", made.Secret, "mvdi_key_".Length);
        await users.ListAsync(new(), TestApi.With(key));
        await RefusedAsync(users.SetPasswordAsync(new() { UserName = "ana", Password = "segundo-canário-9922" }, TestApi.With(key)));
        var revoked = await keys.MakeAsync(new() { Name = "gone", Role = "auditor", Days = 9 }, boss);
        await keys.RevokeAsync(new() { ApiKeyId = revoked.Key.ApiKeyId }, boss);
        await RefusedAsync(users.ListAsync(new(), TestApi.With(_canaries.AddToken("revoked API key", revoked.Secret, "mvdi_key_".Length))));

        var glass = new BreakGlass.BreakGlassClient(_broker.Api());
        var emergency = (await _broker.Services.GetRequiredService<MakeBreakGlass>().RunAsync("canary", "broker")).Text;
        var signedIn = await glass.UseAsync(new() { Secret = _canaries.AddToken("emergency code", emergency) }, cancellationToken: Ct);
        await users.ListAsync(new(), TestApi.With(_canaries.AddToken("emergency token", signedIn.Token)));
        await RefusedAsync(glass.UseAsync(new() { Secret = emergency }, cancellationToken: Ct));
    }

    // A directory that does not answer, and a gateway's token.
    private async Task MachinesAsync(CallOptions boss)
    {
        var directories = new Contracts.Admin.V1.Directories.DirectoriesClient(_broker.Api());
        var directory = new LdapDirectory { Name = "Câmara", Kind = DirectoryKind.InetOrgPerson, Servers = { "127.0.0.1:1" }, BaseDn = "dc=camara,dc=pt", BindDn = "cn=reader,dc=camara,dc=pt" };
        var password = _canaries.Add("directory's password", "lê-tudo-canário-77");
        directory = await directories.SaveAsync(new() { Directory = directory, BindPassword = password }, boss);
        Assert.NotEqual(DirectoryStep.Unspecified, (await directories.TestAsync(new() { Directory = directory, BindPassword = password, UserName = "x" }, boss)).FailedStep);
        await RefusedAsync(directories.SyncAsync(new() { DirectoryId = directory.DirectoryId }, boss));
        var token = await new Contracts.Admin.V1.Infrastructure.InfrastructureClient(_broker.Api()).CreateGatewayTokenAsync(new() { Name = "norte", RdpAddress = "127.0.0.1:3389" }, boss);
        _canaries.Add("gateway's join token", token.JoinToken);
    }

    // An employee's way to a desktop: portal token, ticket, and the secret that the gateway signs in with.
    private async Task DesktopAsync()
    {
        var rows = new Arrange(_broker.Database.DataSource);
        var pool = await rows.PoolAsync("floating");
        var machine = await rows.MachineAsync(pool, "available");
        await using var agent = await ConnectedAgent.ConnectAsync(_broker.Channel(await _broker.IssueAsync(PeerKind.Machine, machine.Value)), "boot", null);
        await agent.WelcomedAsync();
        await rows.ExecuteAsync("insert into entitlement (pool_id, user_id) select @pool, user_id from app_user where user_name = 'ana'", new { pool = pool.Value });

        var employee = new Employee.EmployeeClient(_broker.Api());
        var signedIn = (await employee.SignInAsync(new() { UserName = "ana", Password = "segundo-canário-9922" }, cancellationToken: Ct)).SignedIn;
        var ready = await LaunchAsync(employee, pool.Value, _canaries.AddToken("portal token", signedIn.Token));
        _canaries.AddToken("ticket", ready.Ticket);
        var gateway = Guid.NewGuid();
        await rows.ExecuteAsync("insert into gateway (gateway_id, name, rdp_address) values (@gateway, 'sul', '127.0.0.1:3389')", new { gateway });
        var redeemed = await new GatewayChannel.GatewayChannelClient(_broker.Channel(await _broker.IssueAsync(PeerKind.Gateway, gateway)))
            .RedeemAsync(new() { Ticket = ready.Ticket, ClientAddress = "127.0.0.1" }, cancellationToken: Ct);
        Assert.NotNull(redeemed.Target);
        _canaries.AddBytes("one-time secret", "bits", redeemed.Target.Secret.Span);
        var unused = await LaunchAsync(employee, pool.Value, signedIn.Token);
        _canaries.AddToken("unused ticket", unused.Ticket);
    }

    // What people and programs get wrong is as secret as what they get right.
    private async Task WrongOnesAsync()
    {
        var employee = new Employee.EmployeeClient(_broker.Api());
        Assert.NotNull((await employee.SignInAsync(new() { UserName = "ana", Password = _canaries.Add("wrong password", "canário-errado-5533") }, cancellationToken: Ct)).Refused);
        Assert.NotNull((await employee.SignInAsync(new() { UserName = _canaries.Add("password as a name", "canário-trocado-8844"), Password = "whatever it was" }, cancellationToken: Ct)).Refused);
        var users = new Users.UsersClient(_broker.Api());
        await RefusedAsync(users.ListAsync(new(), TestApi.With(_canaries.AddToken("unknown token", OpaqueToken.Make().Text))));
        await RefusedAsync(users.ListAsync(new(), TestApi.With(_canaries.AddToken("unknown key", ApiKeySecret.Make().Text, "mvdi_key_".Length))));
        using var http = _broker.Http(_broker.ApiAddress);
        foreach (var body in new[] { $$"""{"userName":"ana","password":"{{_canaries.Add("REST password", "canario-REST-661")}}"}""", $$"""{"userName":"ana","password":"{{_canaries.Add("password in broken JSON", "canario-partido-662")}}" """ })
        {
            using var answer = await http.PostAsync(new Uri("/v1/sign-in", UriKind.Relative), new StringContent(body, new MediaTypeHeaderValue("application/json")), Ct);
            Assert.False(answer.IsSuccessStatusCode);
        }
        // Where a secret does not belong, but people put it: behind the question mark.
        using var query = await http.GetAsync(new Uri("/v1/users?access_token=" + _canaries.Add("token in an address", "canario-na-morada-663"), UriKind.Relative), Ct);
        Assert.False(query.IsSuccessStatusCode);
    }

    private static async Task<LaunchReady> LaunchAsync(Employee.EmployeeClient employee, Guid pool, string token)
    {
        using var call = employee.Launch(new() { PoolId = pool.ToString(), RequestId = Guid.NewGuid().ToString() }, TestApi.With(token).WithDeadline(DateTime.UtcNow.AddMinutes(5)));
        while (await call.ResponseStream.MoveNext(Ct))
            if (call.ResponseStream.Current.Ready is { } ready) return ready;
        throw new InvalidOperationException("The launch gave no machine.");
    }

    private static async Task RefusedAsync<T>(AsyncUnaryCall<T> call) => await Assert.ThrowsAsync<RpcException>(async () => await call);

    private async Task<byte[]> DumpAsync()
    {
        var database = new NpgsqlConnectionStringBuilder(_broker.Database.OwnerConnectionString);
        return Encoding.UTF8.GetBytes(await Run.ToEndAsync("/usr/bin/env",
            [$"PGPASSWORD={database.Password}", PostgresPrograms.Path("pg_dump"), "-h", database.Host!, "-p", $"{database.Port}", "-U", database.Username!, "--inserts", database.Database!], ct: Ct));
    }

    private List<(string Name, byte[] Content)> Logs()
    {
        List<(string, byte[])> all = [];
        foreach (var file in Directory.GetFiles(Path.Combine(_broker.StateDirectory, "log")))
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var copy = new MemoryStream();
            stream.CopyTo(copy);
            all.Add((file, copy.ToArray()));
        }
        Assert.NotEmpty(all);
        return all;
    }
}
