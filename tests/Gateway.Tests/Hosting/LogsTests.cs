using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Montalegre.Vdi.Gateway.Hosting;

namespace Montalegre.Vdi.Gateway.Tests.Hosting;

public sealed class LogsTests
{
    [Fact]
    public async Task Log_is_kept_as_compact_json_where_only_our_user_looks_in()
    {
        var state = Path.Combine(Path.GetTempPath(), $"gateway-logs-{Guid.NewGuid():N}");
        try
        {
            var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Gateway:StateDirectory", state)]).Build();
            await using (var services = new ServiceCollection().AddLogging().AddLogs(configuration).BuildServiceProvider())
                services.GetRequiredService<ILogger<LogsTests>>().DoorOpen(new(System.Net.IPAddress.Loopback, 3389), Listening.Served.Everything);

            var line = Assert.Single(await File.ReadAllLinesAsync(Directory.GetFiles(Path.Combine(state, "log"), "gateway-*.json").Single(), TestContext.Current.CancellationToken));
            using var entry = JsonDocument.Parse(line);
            Assert.Equal("The door is open at {Address} for {Served}", entry.RootElement.GetProperty("@mt").GetString());
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(state));
        }
        finally
        {
            if (Directory.Exists(state)) Directory.Delete(state, recursive: true);
        }
    }
}
