using Microsoft.Extensions.Options;
using Montalegre.Vdi.Telemetry;

namespace Montalegre.Vdi.Broker.Hosting;

/// <summary>Puts the broker together; the process and the tests start the same one.</summary>
internal static class BrokerApplication
{
    /// <param name="arguments">Command line, for example <c>--Hosting:ApiListen=127.0.0.1:7443</c>.</param>
    /// <param name="replace">Puts other parts in the place of real ones: hosts that a benchmark makes up.</param>
    public static WebApplication Build(string[] arguments, Action<IServiceCollection>? replace = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddEnvironmentVariables("MONTALEGRE_").AddCommandLine(arguments);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(new Node(Guid.NewGuid()));
        builder.Services.AddOptionsWithProblems<HostingOptions>(builder.Configuration);
        builder.Services.AddHostedService<StartUp>();
        builder.Services.AddLogs(builder.Configuration);
        builder.Services.AddTelemetry(builder.Configuration, "montalegre-broker", Instruments.Name);
        builder.Services.ConfigureOptions<Listeners>();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(60));   // PostgreSQL may take 30
        builder.Services.AddGrpc(o =>
        {
            o.MaxReceiveMessageSize = Listeners.LongestMessage;
            o.Interceptors.Add<FailureInterceptor>();
        }).AddJsonTranscoding(Rest.Configure);
        Slices.Add(builder.Services, builder.Configuration);
        replace?.Invoke(builder.Services);

        var app = builder.Build();
        // Here and not at start, so that every problem is reported before anything is made from the options.
        app.Services.GetRequiredService<IStartupValidator>().Validate();
        app.UseRequestLogs();
        app.UseRouting();
        app.UseMiddleware<ListenerGate>();
        Slices.Map(app);
        return app;
    }
}
