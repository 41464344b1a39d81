-- Emergency sign-ins: a secret that is made on a server of the broker, for the day nobody can sign in otherwise.
create table break_glass (
    break_glass_id  uuid primary key,
    secret_sha256   bytea not null constraint break_glass_secret_uq unique check (length(secret_sha256) = 32),
    reason          text not null constraint break_glass_reason_ck check (length(reason) between 1 and 200),
    made_at         timestamptz not null default now(),
    expires_at      timestamptz not null,
    used_at         timestamptz,
    sign_in_id      uuid,                                              -- of the sign-in that it became
    constraint break_glass_used_ck check ((used_at is null) = (sign_in_id is null))
);
comment on table break_glass is 'break_glass is a table where each row is a one-time secret that signs in as an administrator without directory or second factor.';
create index break_glass_sign_in_ix on break_glass (sign_in_id) where sign_in_id is not null;

-- INVARIANT: only the statement that takes a secret sets it. The account behind it holds no role, and has no password.
alter table sign_in add column emergency boolean not null default false;
alter table sign_in add constraint sign_in_emergency_ck check (not emergency or audience = 'administrator');
