namespace Montalegre.Vdi.Broker.Certificates;

/// <summary>A column of boxes.</summary>
/// <param name="Table">Its table.</param>
/// <param name="Column">The boxes; null where there is no secret.</param>
/// <param name="Key">The table's primary key.</param>
/// <param name="KeyType">Its type in the database.</param>
/// <param name="Row">SQL of how the place of a box names the row, after <c>table.column:</c>.</param>
internal sealed record SealedColumn(string Table, string Column, string Key, string KeyType, string Row)
{
    /// <summary>All there are. The authority first: a node without the new key then does not start, and says why.</summary>
    public static IReadOnlyList<SealedColumn> All { get; } =
    [
        ById("authority", "wrapped_key", "authority_id"),
        new("audit_key", "sealed_key", "key_no", "integer", "key_no"),
        ById("audit_person", "sealed_key", "person_id"),
        ById("directory", "bind_secret", "directory_id"),
        ById("oidc_provider", "client_secret", "provider_id"),
        ById("oidc_session", "id_token", "oidc_session_id"),
        ByHash("oidc_flow", "secrets", "state_sha256"),
        ById("totp", "secret", "user_id"),
        ByHash("totp_enrolment", "secret", "holder_sha256"),
        ByHash("passkey_challenge", "state", "holder_sha256") with { Row = "purpose || ':' || upper(encode(holder_sha256, 'hex'))" },
        ById("alert_channel", "secret", "alert_channel_id"),
    ];

    public override string ToString() => $"{Table}.{Column}";

    private static SealedColumn ById(string table, string column, string key) => new(table, column, key, "uuid", key);

    private static SealedColumn ByHash(string table, string column, string key) => new(table, column, key, "bytea", $"upper(encode({key}, 'hex'))");
}
