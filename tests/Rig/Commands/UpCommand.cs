using System.Diagnostics;
using Montalegre.Vdi.Native.Kvm;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Rig.Commands;

/// <summary>Sets everything up and runs it until Ctrl-C.</summary>
internal static class UpCommand
{
    public static async Task<int> RunAsync(string[] arguments, CancellationToken ct)
    {
        if (arguments.Length > 0) throw new SetUpException($"up takes no arguments, and was given '{string.Join(' ', arguments)}'.");
        var from = Stopwatch.GetTimestamp();
        var progress = new Progress(Console.Out);
        await Packages.EnsureAsync(PackagePurpose.Up, progress, ct);
        if (KvmProbe.Run() is not KvmVerdict.Works) progress.Say("This computer has no usable hardware virtualisation: the virtual machines are emulated and take a minute or so to start.");
        await Builds.ProjectsAsync(Builds.Demonstration, progress, ct);
        await Builds.WorkerAsync(progress, ct);
        var image = await ImageCommand.BuildAsync(progress, ct);
        var rdp = LoopbackPorts.IsFree(3389) ? 3389 : 13389;
        await using var stack = await DemonstrationStack.StartAsync(new() { Ports = (7443, 7444, 8443, 9443, rdp) }, image, progress, ct);
        try
        {
            var desktops = new DemonstrationDesktops(stack);
            await using (var step = progress.Step("Starting the first virtual machine")) await desktops.UntilReadyAsync(step.Detail, ct);
            progress.Say($"Ready after {Stopwatch.GetElapsedTime(from).TotalSeconds:0} s.");
            Tell(stack, progress);
            await WatchAsync(stack, ct);
        }
        finally
        {
            progress.Say("");
            progress.Say("Stopping: console, gateway, broker, database, virtual machines ...");
        }
        return 0;
    }

    private static void Tell(DemonstrationStack stack, Progress progress)
    {
        progress.Say("");
        progress.Say($"  Portal (employees)   {stack.PortalUrl}");
        progress.Say($"    sign in as         {stack.UserName}   password  {stack.Password}");
        progress.Say($"  Console (IT)         {stack.ConsoleUrl}");
        progress.Say(stack.SetUpLink is { } link ? $"    first set-up       {link}   (works once)" : "    the first administrator is set up");
        if (stack.SetUpLink is not null) progress.Say("                       asks for an authenticator app; without a phone: README, \"Second factor\"");
        progress.Say($"  API                  {stack.BrokerUrl}/openapi/v1.json");
        progress.Say($"  RDP door             {stack.RdpAddress}");
        progress.Say($"  Data and logs        {stack.Account.StateDirectory}");
        progress.Say($"  Certificates chain to {stack.AuthorityFile}; import it, or accept the browser's warning.");
        progress.Say($"  Command line         dotnet run dev.cs -- cli help");
        progress.Say("");
        progress.Say("Sign in at the portal and connect; in the console watch it happen. Ctrl-C stops everything; the data stays.");
    }

    // A service that ends by itself ends the demonstration, with its last words.
    private static async Task WatchAsync(DemonstrationStack stack, CancellationToken ct)
    {
        var services = new[] { stack.Broker, stack.Gateway, stack.Console };
        var ended = await Task.WhenAny(services.Select(s => s.ExitedAsync(ct)).Append<Task>(Task.Delay(Timeout.Infinite, ct)));
        if (ct.IsCancellationRequested) return;
        await ended;
        var dead = services.First(s => s.HasExited);
        throw new SetUpException($"The {dead.Name} ended. Its last lines ({dead.LogFile}):\n{dead.LastLines(15)}");
    }
}
