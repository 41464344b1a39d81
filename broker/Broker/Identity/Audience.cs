namespace Montalegre.Vdi.Broker.Identity;

/// <summary>Whom a session token is for. A token of one audience opens nothing of the other.</summary>
internal enum Audience
{
    Employee,
    Administrator,
}

internal static class AudienceNames
{
    /// <summary>The word in column sign_in.audience.</summary>
    public static string Column(this Audience audience) => audience switch
    {
        Audience.Employee => "employee",
        Audience.Administrator => "administrator",
        _ => throw new ArgumentOutOfRangeException(nameof(audience), audience, "no such audience"),
    };

    public static Audience FromColumn(string word) => word switch
    {
        "employee" => Audience.Employee,
        "administrator" => Audience.Administrator,
        _ => throw new ArgumentOutOfRangeException(nameof(word), word, "no such audience"),
    };
}
