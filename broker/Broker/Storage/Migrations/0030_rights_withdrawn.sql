-- Whoever may have lost a right has it noticed at once where he is connected; gateways ask by themselves only every few minutes.
create function record_right_withdrawn() returns trigger language plpgsql as $$
begin
    insert into change (kind, object_id) values ('right', new.user_id);
    return null;
end $$;
create trigger app_user_disabled after update of enabled on app_user for each row when (old.enabled and not new.enabled) execute function record_right_withdrawn();
create trigger entitlement_withdrawn after delete on entitlement referencing old table as old_rows for each statement execute function record_change('right', 'user_id');
create trigger group_member_withdrawn after delete on group_member referencing old table as old_rows for each statement execute function record_change('right', 'user_id');
create trigger group_entitlement_withdrawn after delete on group_entitlement referencing old table as old_rows for each statement execute function record_change('right', 'group_id');
