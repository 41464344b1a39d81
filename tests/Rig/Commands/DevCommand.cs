using Montalegre.Vdi.Rig.Fonts;

namespace Montalegre.Vdi.Rig.Commands;

/// <summary>What <c>dev.cs</c> runs: one verb, its arguments, an exit code.</summary>
public static class DevCommand
{
    private const string Usage = """
        dotnet run dev.cs -- VERB

          up                 set everything up, start broker, gateway, console and a demonstration pool; Ctrl-C stops it
          test [PROJECT ...] build and run all tests, or those of the named projects (for example Broker.Tests)
          check              unit tests and the architecture rules only
          bench [NAME]       measure (launch, pools, relay, gateway, agents, html5, crowd, console) and print one line a figure
          fuzz [SECONDS]     mutate the corpora against every parser
          image              build the golden image and print where it is
          page-fonts         draw the letters of the gateway's RDP pages anew, after a change of their sizes
          cli ARGUMENTS      the montalegre command line against the running demonstration
        """;

    /// <summary>Runs one verb; 0 is success, 1 failure, 2 a wrong call.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        using var stop = new StopSignal();
        var rest = arguments.Skip(1).ToArray();
        try
        {
            return arguments.FirstOrDefault() switch
            {
                "up" => await UpCommand.RunAsync(rest, stop.Token),
                "test" => await TestCommand.RunAsync(rest, onlyUnit: false, stop.Token),
                "check" => await TestCommand.RunAsync(rest, onlyUnit: true, stop.Token),
                "bench" => await ProjectCommand.RunAsync("tests/Benchmarks", rest, PackagePurpose.Benchmarks, stop.Token),
                "fuzz" => await ProjectCommand.RunAsync("tests/Fuzz", rest, PackagePurpose.Build, stop.Token),
                "image" => await ImageCommand.RunAsync(stop.Token),
                "page-fonts" => await DrawPageFontsAsync(stop.Token),
                "cli" => await ProjectCommand.RunCliAsync(rest, stop.Token),
                _ => Explain(),
            };
        }
        catch (OperationCanceledException) when (stop.Token.IsCancellationRequested) { return 130; }
        catch (SetUpException e)
        {
            Console.Error.WriteLine();
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    }

    private static async Task<int> DrawPageFontsAsync(CancellationToken ct)
    {
        await Packages.EnsureAsync(PackagePurpose.Tests, new Progress(Console.Out), ct);
        await PageFonts.DrawAsync(ct);
        return 0;
    }

    private static int Explain()
    {
        Console.Error.WriteLine(Usage);
        return 2;
    }
}
