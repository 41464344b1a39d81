using System.Security.Cryptography.X509Certificates;
using Dapper;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Contracts.Identity.V1;
using Montalegre.Vdi.Domain;
using CertificateAuthority = Montalegre.Vdi.Contracts.Admin.V1.CertificateAuthority;

namespace Montalegre.Vdi.Broker.Tests.ClientCertificates;

/// <summary>A whole broker, a gateway's way to it, and an administrator who sets an authority up over the API.</summary>
public sealed class CertificateBroker(TestCluster cluster) : IAsyncLifetime
{
    private readonly TestBroker _broker = new(cluster) { Leads = false };

    internal CardAuthority Cards { get; } = new("Cartões");

    internal string Lists { get; } = Directory.CreateTempSubdirectory("crl-").FullName;

    internal TestBroker Broker => _broker;

    internal CertificateAuthorities.CertificateAuthoritiesClient Authorities { get; private set; } = null!;

    internal CertificateSignIn.CertificateSignInClient SignIn { get; private set; } = null!;

    internal GatewayCertificates.GatewayCertificatesClient Gateway { get; private set; } = null!;

    internal Employee.EmployeeClient Portal { get; private set; } = null!;

    internal CallOptions Administrator { get; private set; }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _broker.StartAsync(["--Identity:FreeAttemptsPerSource=1000", "--ClientCertificates:Patience=00:01:00", "--ClientCertificates:FlowLifetime=00:30:00", "--ClientCertificates:HandOverLifetime=00:30:00", $"--ClientCertificates:RevocationDirectory={Lists}"]);
        var api = _broker.Api();
        (Authorities, SignIn, Portal) = (new(api), new(api), new(api));
        var gateway = Guid.NewGuid();
        await ScalarAsync<int>("insert into gateway (gateway_id, name, rdp_address) values (@gateway, 'gateway-1', '127.0.0.1:3389') returning 1", new { gateway });
        Gateway = new(_broker.Channel(await _broker.IssueAsync(PeerKind.Gateway, gateway)));
        await LocalAsync("root.admin", administrator: true);
        Administrator = TestApi.With(await TestFactor.AdministratorAsync(_broker.Services, "root.admin", TestApi.Password));
    }

    public async ValueTask DisposeAsync()
    {
        await _broker.DisposeAsync();
        Cards.Dispose();
        Directory.Delete(Lists, recursive: true);
    }

    /// <summary>The authority as it is usually set up.</summary>
    internal CertificateAuthority Settings() => new()
    {
        Name = "Cartões de teste", Certificates = Cards.Pem, NamesBy = CertificateNamesBy.SubjectSerialNumber, Revocation = CertificateRevocation.Off, BothFactors = true,
    };

    /// <summary>Saves it over what an earlier test saved.</summary>
    internal async Task<CertificateAuthority> SaveAsync(CertificateAuthority? settings = null)
    {
        settings ??= Settings();
        settings.AuthorityId = (await Authorities.ListAsync(new(), Administrator)).Authorities.FirstOrDefault(a => a.Name == settings.Name)?.AuthorityId ?? "";
        return await Authorities.SaveAsync(new() { Authority = settings }, Administrator);
    }

    /// <summary>Makes a user and says which card is his.</summary>
    internal async Task<X509Certificate2> PersonAsync(CertificateAuthority authority, string name, string serial)
    {
        await LocalAsync(name);
        await Authorities.LinkAsync(new() { AuthorityId = authority.AuthorityId, Value = serial, UserName = name }, Administrator);
        return Cards.Issue(serial);
    }

    internal async Task<BeginCertificateSignInResponse> BeginAsync(bool console = false, string browser = "") =>
        await SignIn.BeginAsync(new() { Console = console, Back = "/desktops", Browser = browser, ClientAddress = "192.0.2.7" }, cancellationToken: Ct);

    internal async Task<PresentCertificateResponse> PresentAsync(string state, params X509Certificate2[] chain) =>
        await Gateway.PresentAsync(new() { State = state, ClientAddress = "192.0.2.7", Chain = { chain.Select(one => ByteString.CopyFrom(one.RawData)) } }, cancellationToken: Ct);

    internal async Task<FinishCertificateSignInResponse> FinishAsync(string handOver, string browser, bool console = false) =>
        await SignIn.FinishAsync(new() { HandOver = handOver, Browser = browser, Console = console, ClientAddress = "192.0.2.7", ClientName = "Firefox" }, cancellationToken: Ct);

    /// <summary>Why a certificate signs nobody in.</summary>
    internal async Task<string> WhyNotAsync(X509Certificate2 certificate, bool console = false)
    {
        var answer = await PresentAsync((await BeginAsync(console)).State, certificate);
        return answer.OutcomeCase is PresentCertificateResponse.OutcomeOneofCase.Refused ? Contracts.ReasonTexts.Name(answer.Refused.Code) : "";
    }

    /// <summary>The whole way.</summary>
    internal async Task<FinishCertificateSignInResponse> EnterAsync(X509Certificate2 certificate, bool console = false)
    {
        var begun = await BeginAsync(console);
        var shown = await PresentAsync(begun.State, certificate);
        Assert.Equal(PresentCertificateResponse.OutcomeOneofCase.HandOver, shown.OutcomeCase);
        return await FinishAsync(shown.HandOver, begun.Browser, console);
    }

    internal async Task LocalAsync(string name, bool administrator = false)
    {
        var hash = await _broker.Services.GetRequiredService<Passwords>().HashAsync(TestApi.Password);
        await _broker.Services.GetRequiredService<UserStore>().CreateAsync(new Person(new UserId(Guid.CreateVersion7()), name, name, true, administrator), hash!, TestApi.By);
    }

    internal async Task<T> ScalarAsync<T>(string sql, object? values = null)
    {
        await using var connection = await _broker.Database.DataSource.OpenConnectionAsync(Ct);
        return (await connection.ExecuteScalarAsync<T>(sql, values))!;
    }

    internal static async Task<string> RefusedAsync(Func<Task> call) => (await Assert.ThrowsAsync<RpcException>(call)).Trailers.GetValue("reason") ?? "";
}
