namespace Montalegre.Vdi.Agent.Registration;

/// <summary>
/// Waits between attempts: doubled from least to most, each drawn between half and the whole, so that a thousand
/// agents whose broker restarted do not come back in the same second.
/// </summary>
internal sealed class BackOff(TimeSpan least, TimeSpan most, Random chance)
{
    private int _failures;

    public void Reset() => _failures = 0;

    public TimeSpan Next()
    {
        var whole = least * Math.Pow(2, Math.Min(_failures++, 16));
        return (whole > most ? most : whole) * (0.5 + (chance.NextDouble() / 2));
    }
}
