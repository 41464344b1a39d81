using Montalegre.Vdi.Gateway.Tests.Desktops;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Gateway.Tests.Html5;
using Montalegre.Vdi.Rig.Html5;

namespace Montalegre.Vdi.Gateway.Tests;

/// <summary>Published applications on a real xrdp, with its channel for RemoteApp (MS-RDPERP) switched on: what runs is what the ticket says.</summary>
public sealed class ApplicationTests(ApplicationTests.ProgramsMachine machine) : IClassFixture<ApplicationTests.ProgramsMachine>
{
    private const string Application = "w=/usr/lib/montalegre/program;[ -x $w ]||w=;exec $w xterm -geometry 300x120+0+0 -bg '#AA3377' -fg '#AA3377' -cr '#AA3377' +sb -bw 0 -b 0 -e sleep 77001";
    private const string ApplicationColor = "#AA3377", BesideColor = "#33AA77";

    /// <summary>xrdp with the channel that Debian has switched on, too.</summary>
    public sealed class ProgramsMachine : XrdpMachine
    {
        protected override string MoreChannels => "rail=true";
    }

    [Fact]
    public async Task Program_comes_up_alone_and_the_session_ends_with_it()
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await TestGateway.StartAsync(redeemer);
        await using var screen = await RdpScreen.StartAsync();

        var client = screen.Connect(gateway.Address, Ticket(redeemer));

        Assert.True(await screen.ShowsAsync(ApplicationColor), client.Output + machine.Logs);
        Assert.True(machine.Runs("sleep\077001"), machine.Logs);
        Assert.False(machine.Runs("sleep\0infinity"), "the desktop came up, too");
        await EndProgramAsync(77001);
        await client.ExitedAsync(TimeSpan.FromMinutes(2));
        Assert.True(await machine.NobodyIsInAsync(), machine.Logs);
    }

    [Fact]
    public async Task Session_under_the_images_script_takes_a_second_program_and_ends_with_the_last()
    {
        machine.Require();
        var folder = Directory.CreateTempSubdirectory("program-");
        try
        {
            var script = Path.Combine(folder.FullName, "program");
            File.Copy(Montalegre.Vdi.Rig.Checkout.Path("agent/Image/root/usr/lib/montalegre/program"), script);
            foreach (var path in new[] { folder.FullName, script }) File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
            var redeemer = new FakeRedeemer();
            await using var gateway = await TestGateway.StartAsync(redeemer);
            await using var screen = await RdpScreen.StartAsync();
            var client = screen.Connect(gateway.Address, redeemer.NewTicket(machine.Address, machine.CertificateSha256, machine.UserName, machine.Password, program: Application.Replace("/usr/lib/montalegre/program", script, StringComparison.Ordinal)));
            Assert.True(await screen.ShowsAsync(ApplicationColor), client.Output + machine.Logs);

            // As the agent does it, which has tests of its own.
            await machine.InSessionAsync($"{script} --join $(pgrep -o -f '^/bin/sh {script}') beside \"xterm -geometry 300x120+0+0 -bg '{BesideColor}' -fg '{BesideColor}' -cr '{BesideColor}' +sb -bw 0 -b 0 -e sleep 77002\"");
            Assert.True(await screen.ShowsAsync(BesideColor), client.Output + machine.Logs);
            await EndProgramAsync(77001);
            await Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);      // time enough for a session to end
            Assert.True(machine.Runs("sleep\077002"), machine.Logs);
            Assert.Single(machine.Sessions());
            await EndProgramAsync(77002);
            await client.ExitedAsync(TimeSpan.FromMinutes(2));
            Assert.True(await machine.NobodyIsInAsync(), machine.Logs);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("/shell:/usr/bin/xev")]
    [InlineData("/app:/usr/bin/xev")]
    public async Task Client_that_asks_for_another_program_is_not_obeyed(string asked)
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await TestGateway.StartAsync(redeemer);
        await using var screen = await RdpScreen.StartAsync();

        await using var client = screen.Connect(gateway.Address, Ticket(redeemer), asked);

        Assert.True(await Eventually.IsTrueAsync(() => machine.Runs("sleep\077001"), TimeSpan.FromMinutes(2)), client.Output + machine.Logs);
        await Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);      // time enough for the request after the handshake
        Assert.False(machine.Runs("xev"), client.Output + machine.Logs);
        await EndAsync();
    }

    [Fact]
    public async Task Program_comes_up_alone_in_a_browser()
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await DesktopGateway.StartAsync(redeemer);
        await using var browser = gateway.Browser();
        await browser.ConnectAsync(gateway.Socket, Ticket(redeemer), 800, 600);
        Assert.True(await browser.UntilAsync(b => b.Ended is not null || b.Screen.Width == 800 && b.Screen.At(400, 300) == 0xAA3377, TimeSpan.FromSeconds(60)), machine.Logs);
        Assert.Null(browser.Ended);
        Assert.False(machine.Runs("sleep\0infinity"), "the desktop came up, too");
        await EndAsync();
    }

    private string Ticket(FakeRedeemer redeemer) => redeemer.NewTicket(machine.Address, machine.CertificateSha256, machine.UserName, machine.Password, program: Application);

    // A terminal shows its colour before its program has begun.
    private Task EndProgramAsync(int number) => machine.InSessionAsync($"until pkill -x -f 'sleep {number}'; do sleep 0.2; done");

    private async Task EndAsync()
    {
        await EndProgramAsync(77001);
        Assert.True(await machine.NobodyIsInAsync(), machine.Logs);
    }
}
