using System.Diagnostics;
using System.Globalization;
using Montalegre.Vdi.Fuzz.Fuzzing;

if (args.Length is 0 or > 2 || !double.TryParse(args[0], CultureInfo.InvariantCulture, out var seconds))
{
    Console.Error.WriteLine($"usage: fuzz <seconds> [{string.Join('|', WireParsers.All.Select(p => p.Name))}]");
    return 2;
}
var chosen = WireParsers.All.Where(p => args.Length == 1 || p.Name == args[1]).ToList();
if (chosen.Count == 0)
{
    Console.Error.WriteLine($"There is no parser {args[1]}.");
    return 2;
}

var failed = false;
foreach (var parser in chosen)
{
    var seed = Random.Shared.Next();
    var started = Stopwatch.GetTimestamp();
    var share = TimeSpan.FromSeconds(seconds / chosen.Count);
    var (inputs, broke) = FuzzRun.Run(parser, seed, _ => Stopwatch.GetElapsedTime(started) < share);
    Console.WriteLine(broke ?? $"{parser.Name}: {inputs} inputs held, seed {seed}");
    failed |= broke is not null;
}
return failed ? 1 : 0;
