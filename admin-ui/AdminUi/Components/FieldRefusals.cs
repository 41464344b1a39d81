using Grpc.Core;
using Montalegre.Vdi.AdminUi.Live;
using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.AdminUi.Components;

/// <summary>What the broker said about the fields of one form: shown beside each for as long as its value stays what was refused.</summary>
internal sealed class FieldRefusals
{
    private readonly Dictionary<string, (string Value, string Text)> _said = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _now = new(StringComparer.Ordinal);

    /// <summary>The rule of a field: its own first, then what the broker said.</summary>
    /// <param name="field">Its name in the contract.</param>
    /// <param name="own">What can be said without asking.</param>
    public Func<string, string?> Rule(string field, Func<string, string?>? own = null) => text =>
    {
        _now[field] = text ?? "";
        return own?.Invoke(text ?? "") ?? (_said.TryGetValue(field, out var said) && said.Value == (text ?? "") ? said.Text : null);
    };

    /// <summary>Keeps a sentence for a field. False when the form has no such field.</summary>
    public bool Say(string field, string text)
    {
        if (!_now.TryGetValue(field, out var value)) return false;
        _said[field] = (value, text);
        return true;
    }

    /// <summary>Keeps a refusal that names a field of the form; false when it names none.</summary>
    public bool Take(RpcException refusal, Language say) =>
        refusal.Reason() is ReasonCode.InvalidField && say.FieldRefusal(refusal.Trailers.GetValue("reason-detail") ?? "") is { } about && Say(about.Field, about.Text);
}
