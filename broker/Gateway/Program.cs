using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Portal;
using Montalegre.Vdi.Telemetry;

// Its own folder, never the working directory: watched for changes, a service's "/" would be the whole disk.
var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.Services.AddLogs(builder.Configuration);
builder.Services.AddTelemetry(builder.Configuration, "montalegre-gateway", Instruments.Name);
builder.AddGateway();
builder.AddPortalDoor();
var app = builder.Build();
app.MapGet("/health", () => "ok");
app.MapPortalDoor();
await app.RunAsync();
