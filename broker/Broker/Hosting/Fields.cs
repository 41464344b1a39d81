using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Hosting;

/// <summary>Names and descriptions that came over the network; refuses what is too long, with the field's name.</summary>
internal static class Fields
{
    /// <summary>Without blanks around it, 1 to 80 characters.</summary>
    public static string Name(string name) =>
        name.Trim() is { Length: >= 1 and <= 80 } good ? good : throw Refusal.Refused(RefusalReason.InvalidField, "name: 1 to 80 characters");

    /// <summary>At most 500 characters.</summary>
    public static string Description(string text) =>
        text.Length <= 500 ? text : throw Refusal.Refused(RefusalReason.InvalidField, "description: at most 500 characters");
}
