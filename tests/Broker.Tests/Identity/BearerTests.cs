using System.Net;
using System.Net.Http.Headers;
using System.Reflection;
using System.Text.Json;
using Dapper;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Contracts.Identity.V1;

namespace Montalegre.Vdi.Broker.Tests.Identity;

public sealed class BearerTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly string[] Open =
    [
        "admin.v1.Administrators/GetStatus", "admin.v1.Administrators/SetUp", "admin.v1.Administrators/SignIn", "admin.v1.BreakGlass/Use", "gateway.v1.Employee/SignIn",
        "identity.v1.SecondStep/Get", "identity.v1.SecondStep/Prove", "identity.v1.SecondStep/EnrolTotp", "identity.v1.SecondStep/ConfirmTotp",
        "identity.v1.SecondStep/BeginPasskey", "identity.v1.SecondStep/ProvePasskey", "identity.v1.SecondStep/BeginNewPasskey", "identity.v1.SecondStep/EnrolPasskey", "identity.v1.PasskeySignIn/GetPlace", "identity.v1.PasskeySignIn/Begin", "identity.v1.PasskeySignIn/SignIn",
        "identity.v1.CertificateSignIn/GetPlace", "identity.v1.CertificateSignIn/Begin", "identity.v1.CertificateSignIn/Finish", "gateway.v1.GatewayCertificates/Present",
        "identity.v1.ProviderSignIn/List", "identity.v1.ProviderSignIn/Begin", "identity.v1.ProviderSignIn/Finish", "identity.v1.ProviderSignIn/LogOut",
        "agent.v1.AgentEnrolment/Join", "agent.v1.AgentChannel/Connect", "agent.v1.AgentChannel/Renew",
        "gateway.v1.GatewayEnrolment/Join", "gateway.v1.GatewayChannel/Redeem", "gateway.v1.GatewayChannel/Recheck", "gateway.v1.GatewayChannel/Connections", "gateway.v1.GatewayChannel/Renew",
        "gateway.v1.GatewayAssistance/Follow", "gateway.v1.GatewayAssistance/Answer", "gateway.v1.GatewayAssistance/Redeem", "gateway.v1.GatewayAssistance/End",
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> ClosedMethods => new(Methods().Select(NameOf).Where(name => !Open.Contains(name)));

    [Fact]
    public void Every_method_that_is_open_is_meant_to_be()
    {
        var open = Methods().Select(NameOf).Where(name => MethodAccessRules.Of($"/montalegre.vdi.{name}") is MethodAccess.Open);

        Assert.Equal(Open.Order(), open.Order());
        Assert.Equal(MethodAccess.Administrator, MethodAccessRules.Of("/somebody.else.Service/Method"));
    }

    [Theory, MemberData(nameof(ClosedMethods))]
    public async Task Closed_method_refuses_no_token_a_wrong_token_and_a_token_of_the_other_audience(string method)
    {
        await using var api = await TestApi.StartAsync(database);
        var names = Guid.NewGuid().ToString("N")[..8];
        await api.UserAsync($"boss{names}", administrator: true);
        await api.UserAsync($"emp{names}");
        var employees = method.Contains("Employee/", StringComparison.Ordinal);
        var foreign = employees ? await api.TokenAsync($"boss{names}", Audience.Administrator) : await api.TokenAsync($"emp{names}", Audience.Employee);
        var own = employees ? await api.TokenAsync($"emp{names}", Audience.Employee) : await api.TokenAsync($"boss{names}", Audience.Administrator);

        Assert.Equal("SIGN_IN_EXPIRED", await AdmissionAsync(api, method, null));
        Assert.Equal("SIGN_IN_EXPIRED", await AdmissionAsync(api, method, "Bearer nonsense"));
        Assert.Equal("SIGN_IN_EXPIRED", await AdmissionAsync(api, method, "Bearer " + new string('!', 43)));
        Assert.Equal("SIGN_IN_EXPIRED", await AdmissionAsync(api, method, $"Bearer {OpaqueToken.Make().Text}"));
        Assert.Equal("SIGN_IN_EXPIRED", await AdmissionAsync(api, method, $"Basic {own}"));
        // What a person does with his own account is open at both doors.
        Assert.Equal(method.Contains("Factors/", StringComparison.Ordinal) || method.EndsWith("ProviderSignIn/SignOut", StringComparison.Ordinal) ? "admitted" : "NOT_ALLOWED", await AdmissionAsync(api, method, $"Bearer {foreign}"));
        Assert.Equal("admitted", await AdmissionAsync(api, method, $"Bearer {own}"));
    }

    [Fact]
    public async Task Token_of_a_disabled_user_stops_within_two_seconds()
    {
        var time = new FakeTimeProvider();
        await using var api = await TestApi.StartAsync(database, time);
        await api.UserAsync("ines", administrator: true);
        await api.UserAsync("joana", administrator: true);
        var token = await api.TokenAsync("ines", Audience.Administrator);
        var users = new Users.UsersClient(api.Calls);
        await users.ListAsync(new(), TestApi.With(token));

        await users.SetEnabledAsync(new() { UserName = "ines", Enabled = false }, TestApi.With(await api.TokenAsync("joana", Audience.Administrator)));
        time.Advance(TimeSpan.FromSeconds(2));

        var refused = await Assert.ThrowsAsync<RpcException>(async () => await users.ListAsync(new(), TestApi.With(token)));
        Assert.Equal((StatusCode.Unauthenticated, "SIGN_IN_EXPIRED"), (refused.StatusCode, refused.Trailers.GetValue("reason")));
    }

    [Fact]
    public async Task Expired_and_signed_out_tokens_are_refused()
    {
        await using var api = await TestApi.StartAsync(database);
        await api.UserAsync("lia", administrator: true);
        var expired = await api.TokenAsync("lia", Audience.Administrator);
        await using (var connection = await database.DataSource.OpenConnectionAsync(Ct))
        {
            await connection.ExecuteAsync("update sign_in set expires_at = now() - interval '1 second' where user_id = (select user_id from app_user where user_name = 'lia')");
        }
        var left = await api.TokenAsync("lia", Audience.Administrator);
        var administrators = new Administrators.AdministratorsClient(api.Calls);

        await administrators.SignOutAsync(new(), TestApi.With(left));

        foreach (var token in new[] { expired, left })
        {
            var refused = await Assert.ThrowsAsync<RpcException>(async () => await new Users.UsersClient(api.Calls).ListAsync(new(), TestApi.With(token)));
            Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);
        }
    }

    [Fact]
    public async Task Rest_is_behind_the_same_door()
    {
        await using var api = await TestApi.StartAsync(database);
        await api.UserAsync("mara", administrator: true);

        using var without = await api.Http.GetAsync(new Uri("/v1/users", UriKind.Relative), Ct);
        Assert.Equal(HttpStatusCode.Unauthorized, without.StatusCode);
        var status = JsonDocument.Parse(await without.Content.ReadAsStringAsync(Ct)).RootElement;
        Assert.Equal((16, "SIGN_IN_EXPIRED"), (status.GetProperty("code").GetInt32(), status.GetProperty("details")[0].GetProperty("reason").GetString()));

        using var signedIn = await api.Http.PostAsync(new Uri("/v1/sign-in", UriKind.Relative), new StringContent($$"""{"userName":"mara","password":"{{TestApi.Password}}"}""", new MediaTypeHeaderValue("application/json")), Ct);
        var step = JsonDocument.Parse(await signedIn.Content.ReadAsStringAsync(Ct)).RootElement.GetProperty("secondStep").GetProperty("step").GetString();
        var secret = JsonDocument.Parse(await PostAsync(api, "/v1/second-step/totp", $$"""{"step":"{{step}}"}""")).RootElement.GetProperty("secret").GetString();
        var code = TestFactor.Code(api.Services, OtpNet.Base32Encoding.ToBytes(secret));
        var token = JsonDocument.Parse(await PostAsync(api, "/v1/second-step/totp/confirm", $$"""{"step":"{{step}}","code":"{{code}}"}""")).RootElement.GetProperty("token").GetString();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/users") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Headers = { Authorization = new("Bearer", token) } };
        using var with = await api.Http.SendAsync(request, Ct);
        Assert.Equal(HttpStatusCode.OK, with.StatusCode);
        Assert.Contains("mara", await with.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
    }

    private static async Task<string> PostAsync(TestApi api, string path, string json)
    {
        using var answer = await api.Http.PostAsync(new Uri(path, UriKind.Relative), new StringContent(json, new MediaTypeHeaderValue("application/json")), Ct);
        return await answer.Content.ReadAsStringAsync(Ct);
    }

    // The interceptor itself, so that methods of slices that this server does not carry are walked, too.
    private static async Task<string> AdmissionAsync(TestApi api, string method, string? authorization)
    {
        var context = new BareCall($"/montalegre.vdi.{method}", authorization);
        try
        {
            return await api.Get<BearerInterceptor>().UnaryServerHandler<string, string>("", context, (_, call) => Task.FromResult(call.Caller() is not null ? "admitted" : ""));
        }
        catch (RpcException e)
        {
            return e.Trailers.GetValue("reason") ?? "";
        }
    }

    // Every file of the contracts, so that none is forgotten here.
    private static IEnumerable<MethodDescriptor> Methods() =>
        from type in typeof(AdminReflection).Assembly.GetTypes()
        let descriptor = type.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static)?.GetValue(null) as FileDescriptor
        where descriptor is not null && descriptor.Package.StartsWith("montalegre.vdi.", StringComparison.Ordinal)
        from service in descriptor.Services
        from method in service.Methods
        select method;

    private static string NameOf(MethodDescriptor method) => $"{method.Service.FullName["montalegre.vdi.".Length..]}/{method.Name}";

    internal sealed class BareCall(string method, string? authorization) : ServerCallContext
    {
        protected override string MethodCore => method;
        protected override string HostCore => "";
        protected override string PeerCore => "";
        protected override DateTime DeadlineCore => DateTime.MaxValue;
        protected override Metadata RequestHeadersCore { get; } = authorization is null ? [] : new Metadata { { "authorization", authorization } };
        protected override CancellationToken CancellationTokenCore => Ct;
        protected override Metadata ResponseTrailersCore { get; } = [];
        protected override Grpc.Core.Status StatusCore { get; set; }
        protected override IDictionary<object, object> UserStateCore { get; } = new Dictionary<object, object> { ["__HttpContext"] = new DefaultHttpContext() };
        protected override WriteOptions? WriteOptionsCore { get; set; }
        protected override AuthContext AuthContextCore => new(null, []);
        protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) => throw new NotSupportedException();
        protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => Task.CompletedTask;
    }
}
