using System.Net;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Desk;
using Montalegre.Vdi.Broker.Entitlements;
using Montalegre.Vdi.Broker.Groups;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Reports;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Identity;

/// <summary>Identity and administration behind a real server on loopback, with a database of their own.</summary>
public sealed class TestApi : IAsyncDisposable
{
    /// <summary>Good for every user that these tests make.</summary>
    public const string Password = "quatro cavalos verdes";

    private readonly WebApplication _app;
    private readonly GrpcChannel _channel;

    private TestApi(WebApplication app, string address)
    {
        _app = app;
        Http = new HttpClient { BaseAddress = new Uri(address), DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        _channel = GrpcChannel.ForAddress(address);
    }

    public CallInvoker Calls => _channel.CreateCallInvoker();

    public HttpClient Http { get; }

    public IServiceProvider Services => _app.Services;

    public T Get<T>() where T : notnull => _app.Services.GetRequiredService<T>();

    public static async Task<TestApi> StartAsync(TestDatabase database, TimeProvider? time = null, params (string Key, string Value)[] settings)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Configuration["Identity:HashIterations"] = "1000";
        foreach (var (key, value) in settings) builder.Configuration[key] = value;
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddRoutingCore();
        builder.Services.AddLogging();
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        builder.Services.Configure<HostingOptions>(hosting => hosting.StateDirectory = Directory.CreateTempSubdirectory("identity-").FullName);
        builder.Services.AddSingleton(database.DataSource).AddSingleton<Database>(database.DataSource);
        builder.Services.AddKeyedSingleton(StorageExtensions.Reports, database.DataSource);
        builder.Services.AddGrpc().AddJsonTranscoding(Rest.Configure);
        builder.Services.AddSingleton<KeyFiles>().AddSingleton<KeyRing>().AddSingleton<SecretBox>();
        builder.Services.AddIdentity(builder.Configuration).AddAdministration().AddEntitlements().AddGroups().AddDesk().AddReports(builder.Configuration);
        var app = builder.Build();
        app.UseRouting();
        app.MapIdentity();
        app.MapAdministration();
        app.MapGroups();
        app.MapDesk();
        app.MapReports();
        await app.StartAsync();
        return new(app, app.Urls.Single());
    }

    /// <summary>A user in the database, as an administrator would have made it.</summary>
    internal async Task<Person> UserAsync(string userName, bool administrator = false)
    {
        var hash = await Get<Passwords>().HashAsync(Password);
        var created = await Get<UserStore>().CreateAsync(new Person(new UserId(Guid.CreateVersion7()), userName, userName, true, administrator), hash!, By);
        return created!;
    }

    internal async Task<string> TokenAsync(string userName, Audience audience)
    {
        var outcome = await Get<SignInUser>().RunAsync(userName, Password, audience, "192.0.2.1", "", CancellationToken.None);
        if (outcome is SignInOutcome.SecondStep step) return await TestFactor.ProveAsync(_app.Services, step);
        return Assert.IsType<SignInOutcome.SignedIn>(outcome).Token;
    }

    internal static Caller By { get; } = new(new UserId(Guid.Empty), "tester", "Tester", Audience.Administrator, "192.0.2.9", new string('0', 64)) { Rights = Rights.Everything };

    internal static CallOptions With(string token) =>
        new(new Metadata { { "authorization", $"Bearer {token}" } }, cancellationToken: TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        _channel.Dispose();
        Directory.Delete(Path.GetDirectoryName(Get<SetUpToken>().File)!, recursive: true);
        await _app.DisposeAsync();
    }
}
