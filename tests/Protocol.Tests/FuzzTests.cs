using Montalegre.Vdi.Fuzz.Fuzzing;

namespace Montalegre.Vdi.Protocol.Tests;

/// <summary>The fuzzer's property on fixed seeds; the long runs with fresh seeds are in tests/Fuzz.</summary>
public sealed class FuzzTests
{
    private const int Inputs = 20_000;

    public static TheoryData<string> Parsers => [.. WireParsers.All.Select(p => p.Name)];

    [Theory]
    [MemberData(nameof(Parsers))]
    public void Parser_reads_or_refuses_and_does_nothing_else(string name)
    {
        var parser = WireParsers.All.Single(p => p.Name == name);
        foreach (var good in parser.Corpus) Assert.Null(FuzzRun.Try(parser, good));
        Assert.Null(FuzzRun.Run(parser, seed: 20261123, inputs => inputs < Inputs).Broke);
    }
}
