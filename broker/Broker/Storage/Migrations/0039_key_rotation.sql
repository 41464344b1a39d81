-- A rotation of the key-encryption key seals signing keys anew. The schema's owner may do that and nothing else; the broker's own role still only adds and reads.
drop trigger audit_key_kept on audit_key;
create trigger audit_key_kept before delete or truncate on audit_key for each statement execute function refuse_audit_change();
create trigger audit_key_unchanged before update of key_no, public_key, created_at on audit_key for each statement execute function refuse_audit_change();
