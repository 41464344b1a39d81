namespace Montalegre.Vdi.Broker.Hosting;

/// <summary>Puts the broker together; the process and the tests start the same one.</summary>
internal static class BrokerApplication
{
    public static WebApplication Build(string[] arguments)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddEnvironmentVariables("MONTALEGRE_").AddCommandLine(arguments);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(new Node(Guid.NewGuid()));
        builder.Services.AddOptionsWithProblems<HostingOptions>(builder.Configuration);
        builder.Services.AddHostedService<StartUp>();
        builder.Services.AddGrpc().AddJsonTranscoding();
        Slices.Add(builder.Services, builder.Configuration);

        var app = builder.Build();
        Slices.Map(app);
        return app;
    }
}
