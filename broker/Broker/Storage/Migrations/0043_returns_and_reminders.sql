-- Whoever came from a provider that was removed is known again when the same issuer names the same subject. INVARIANT: what the removal disabled, and only that, the return enables.
alter table app_user add column former_issuer text;
alter table app_user add column former_subject text;
alter table app_user add column disabled_with_provider boolean not null default false;
alter table app_user add constraint app_user_former_ck check ((former_issuer is null) = (former_subject is null) and (former_issuer is null or oidc_provider_id is null) and (not disabled_with_provider or former_issuer is not null));
create index app_user_former_ix on app_user (former_issuer, former_subject) where former_issuer is not null;

-- How full the storage is that a host keeps our machines in; null: it has not said.
alter table host_reading add column storage_used_percent double precision;

-- An alert that nobody looks after is told again. Zero: it is told once.
alter table alert_rule add column remind_hours integer not null default 0 check (remind_hours between 0 and 720);
alter table alert add column reminded_at timestamptz;
alter table alert_notice drop constraint alert_notice_what_check;
alter table alert_notice add constraint alert_notice_what_check check (what in ('opened', 'reminded', 'resolved'));

-- The certificate that clients see at a gateway's door, as the gateway says; null: it has not said.
alter table gateway add column door_subject text;
alter table gateway add column door_not_after timestamptz;

create table console_certificate (
    name       text primary key check (length(name) between 1 and 100),
    subject    text not null,
    not_after  timestamptz not null,
    seen_at    timestamptz not null default now()
);
comment on table console_certificate is 'console_certificate is a table where each row is the certificate that browsers see at one console, as the console said last.';
