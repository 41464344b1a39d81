using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Portal;

var builder = WebApplication.CreateSlimBuilder(args);
builder.AddGateway();
builder.AddPortalDoor();
var app = builder.Build();
app.MapGet("/health", () => "ok");
app.MapPortalDoor();
await app.RunAsync();
