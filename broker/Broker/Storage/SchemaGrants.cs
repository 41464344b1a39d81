namespace Montalegre.Vdi.Broker.Storage;

/// <summary>The app role's rights, set again after every migration so that no new table is forgotten.</summary>
internal static class SchemaGrants
{
    /// <summary>Rows only, never the schema. What happened, and the authority, can be added and read, not changed.</summary>
    public static string For(string appRole)
    {
        var role = $"\"{appRole.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
        return $"""
            begin;
            grant usage on schema public to {role};
            grant select, insert, update, delete on all tables in schema public to {role};
            revoke all on audit_event, audit_batch, audit_leaf, audit_personal, audit_key, audit_open, audit_person, authority, schema_version from {role};
            grant select, insert on audit_event, audit_batch, audit_leaf, audit_personal, audit_key, audit_person, authority to {role};
            grant select, delete on audit_open to {role};
            grant update (sealed_key, erased_at) on audit_person to {role};
            grant select on schema_version to {role};
            do $$ begin
                if exists (select from pg_roles where rolname = '{PrivateClusterRoles.Audit}') then
                    grant usage on schema public to {PrivateClusterRoles.Audit};
                    grant select, insert on audit_event to {PrivateClusterRoles.Audit};
                end if;
            end $$;
            commit;
            """;
    }
}
