using System.Globalization;

namespace Montalegre.Vdi.Benchmarks.Figures;

/// <summary>What a figure should reach: a bound on its ratio to the peer, or on the value itself.</summary>
internal sealed record Target(bool OfRatio, bool AtLeast, double Limit)
{
    public static Target RatioAtLeast(double limit) => new(true, true, limit);

    public static Target RatioAtMost(double limit) => new(true, false, limit);

    public static Target AtMost(double limit) => new(false, false, limit);

    public bool IsMet(double value, double ratio) => AtLeast ? (OfRatio ? ratio : value) >= Limit : (OfRatio ? ratio : value) <= Limit;

    /// <summary>For example <c>&gt;=0.8</c> of the ratio, or <c>&lt;=50ms</c> of the value.</summary>
    public string Text(string unit) => string.Create(CultureInfo.InvariantCulture, $"{(AtLeast ? ">=" : "<=")}{Limit}{(OfRatio ? "" : unit)}");
}

/// <summary>One measured number beside the same number of a peer, measured in the same run where the peer runs here.</summary>
internal sealed record Figure(string Name, double Value, string Unit, string Against, double Other, Target Target)
{
    public override string ToString()
    {
        var ratio = Value / Other;
        var result = Target.IsMet(Value, ratio) ? "PASS" : "FAIL";
        return string.Create(CultureInfo.InvariantCulture,
            $"figure {Name} {Round(Value)} {Unit} against {Against} {Round(Other)} ratio {ratio:0.00} target {Target.Text(Unit)} {result}");
    }

    private static string Round(double value) => value.ToString(Math.Abs(value) >= 100 ? "0" : Math.Abs(value) >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture);
}
