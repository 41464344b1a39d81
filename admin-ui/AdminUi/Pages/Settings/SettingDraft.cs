using System.Globalization;
using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Pages.Settings;

/// <summary>One setting as the page shows it, and what somebody typed for it.</summary>
public sealed class SettingDraft
{
    private readonly Language _say;
    private string? _typed;

    internal SettingDraft(Setting now, Language say) => (Now, _say) = (now, say);

    public Setting Now { get; private set; }

    public string Key => Now.Key;

    public string Name => SettingTexts.Name(Key, _say.Culture);

    /// <summary>What the field holds.</summary>
    public string Text => _typed ?? SettingTexts.Written(Now, Now.Value, _say.Culture);

    /// <summary>What is wrong with it; null: nothing.</summary>
    public string? Problem { get; set; }

    /// <summary>Somebody else changed it while something was typed here.</summary>
    public bool Meanwhile { get; private set; }

    /// <summary>Grows when the field is to show what the broker said in place of what was typed.</summary>
    public int Times { get; private set; }

    public bool Changed => _typed is not null && !Now.Locked && _typed.Trim() != SettingTexts.Written(Now, Now.Value, _say.Culture);

    /// <summary>Looks right again as soon as it is right; what is wrong is said when the field is left, not at the first digit.</summary>
    public void Type(string text, bool left)
    {
        _typed = text;
        Meanwhile &= Changed;
        var wrong = Changed ? Wrong() : null;
        if (left || wrong is null) Problem = wrong;
    }

    public void Discard()
    {
        (_typed, Problem, Meanwhile) = (null, null, false);
        Times++;
    }

    /// <summary>What the broker says now. What was typed stays, and it is known that the value changed meanwhile.</summary>
    public void Take(Setting now)
    {
        var other = now.Value != Now.Value;
        if (!Changed) _typed = null;
        Now = now;
        Meanwhile = Changed && (Meanwhile || other);
    }

    public void Saved(Setting now)
    {
        Now = now;
        Discard();
    }

    /// <summary>As the contract has it: numbers with a point. Null where it is no number.</summary>
    public string? Value() => Now.Kind is SettingKind.Text ? Text.Trim() : Number()?.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>What can be said without asking the broker.</summary>
    public string? Wrong()
    {
        if (Now.Kind is SettingKind.Text) return null;
        if (Number() is not { } number || (Now.Kind is SettingKind.Whole && number != Math.Truncate(number))) return _say.SettingNotANumber(Now.Kind is SettingKind.Whole);
        return (Now.HasLowest && number < Now.Lowest) || (Now.HasHighest && number > Now.Highest) ? _say.SettingOutOfRange(SettingTexts.Range(Now, _say.Culture)) : null;
    }

    private double? Number() => double.TryParse(Text.Trim(), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, _say.Culture, out var number) && double.IsFinite(number) ? number : null;
}
