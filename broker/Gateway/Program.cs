using Montalegre.Vdi.Gateway.Hosting;

var builder = WebApplication.CreateSlimBuilder(args);
builder.AddGateway();
var app = builder.Build();
app.MapGet("/health", () => "ok");
await app.RunAsync();
