using System.Buffers;

namespace Montalegre.Vdi.Broker.Gateways;

/// <summary>What a machine is told to start in place of its desktop.</summary>
internal static class ProgramLine
{
    // Machines of our image have it: a window manager that gives the program the whole screen. Others start the program bare.
    // There are spaces in the line, so xrdp hands the whole of it to "sh -c".
    private const string OnLinux = "w=/usr/lib/montalegre/program;[ -x $w ]||w=;exec $w ";

    private static readonly SearchValues<char> Plain = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./+");

    /// <summary>The line fits a Client Info, because program and arguments together are bounded, and hold no quotes that would have to grow, where they are published.</summary>
    public static string Of(string program, string arguments, string family) =>
        (family == "windows" ? "" : OnLinux) + Bare(program, arguments, family);

    /// <summary>Program and arguments alone, as the machine's shell reads them.</summary>
    public static string Bare(string program, string arguments, string family)
    {
        var rest = arguments.Length == 0 ? "" : $" {arguments}";
        if (family == "windows") return (program.Contains(' ', StringComparison.Ordinal) ? $"\"{program}\"" : program) + rest;
        return (program.AsSpan().ContainsAnyExcept(Plain) ? $"'{program}'" : program) + rest;
    }
}
