-- Settings of the whole installation that the console changes (ADR 62). What is in files, environment or command line comes first.
alter table installation add column settings_version bigint not null default 0;   -- grows with every change: what was judged is what is replaced

create table setting (
    setting_id  uuid primary key default gen_random_uuid(),        -- names it in the audit record
    key         text not null constraint setting_key_uq unique check (length(key) between 3 and 120),
    value       text check (length(value) <= 1000),                -- as a file would have it; null: back to the default
    version     bigint not null,                                   -- of the change that set it
    changed_at  timestamptz not null default now()
);
comment on table setting is 'setting is a table where each row is a setting that the console has changed at least once.';

create table setting_change (
    audit_id    bigint primary key,                                -- who and when; no key, because the audit record is kept for itself
    setting_id  uuid not null references setting,
    before      text,                                              -- null: the default
    after       text
);
comment on table setting_change is 'setting_change is a table where each row is one change of one setting.';
create index setting_change_ix on setting_change (setting_id, audit_id desc);

create trigger setting_inserted after insert on setting referencing new table as new_rows for each statement execute function record_change('setting', 'setting_id');
create trigger setting_updated after update on setting referencing new table as new_rows for each statement execute function record_change('setting', 'setting_id');
