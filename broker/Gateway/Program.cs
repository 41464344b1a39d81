using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Portal;

// Its own folder, never the working directory: watched for changes, a service's "/" would be the whole disk.
var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.Services.AddLogs(builder.Configuration);
builder.AddGateway();
builder.AddPortalDoor();
var app = builder.Build();
app.MapGet("/health", () => "ok");
app.MapPortalDoor();
await app.RunAsync();
