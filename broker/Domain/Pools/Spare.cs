namespace Montalegre.Vdi.Domain;

/// <summary>How many machines a pool keeps ready beyond those that people have: all it may have, a number, or a share.</summary>
public readonly record struct Spare
{
    private readonly int? _value;
    private readonly bool _percent;

    private Spare(int value, bool percent) => (_value, _percent) = (value, percent);

    /// <summary>The pool always has as many machines as it may have.</summary>
    public static Spare Everything => default;

    /// <summary>That many machines.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below zero.</exception>
    public static Spare Machines(int count) => new(count >= 0 ? count : throw new ArgumentOutOfRangeException(nameof(count), count, "is below zero"), false);

    /// <summary>That share of the pool's maximum, rounded up: 10 % of 5 is one machine.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not 0 to 100.</exception>
    public static Spare Percent(int percent) => new(percent is >= 0 and <= 100 ? percent : throw new ArgumentOutOfRangeException(nameof(percent), percent, "is not 0 to 100"), true);

    /// <summary>As it is recorded: no value is everything.</summary>
    public static Spare Of(int? value, bool percent) => value switch { null => Everything, { } share when percent => Percent(share), { } count => Machines(count) };

    /// <summary>The number or the share; null for everything.</summary>
    public int? Value => _value;

    /// <summary>True when the value is a share.</summary>
    public bool IsPercent => _percent;

    /// <summary>True when the pool is always at its maximum.</summary>
    public bool IsEverything => _value is null;

    /// <summary>Ready machines that a pool of that maximum keeps.</summary>
    public int Of(int maximum) => _value switch
    {
        null => maximum,
        { } percent when _percent => (int)(((long)maximum * percent + 99) / 100),
        { } count => Math.Min(count, maximum),
    };
}
