create table passkey (
    passkey_id       uuid primary key,
    user_id          uuid not null references app_user on delete cascade,
    credential_id    bytea not null constraint passkey_credential_uq unique constraint passkey_credential_ck check (length(credential_id) between 1 and 1023),
    name             text not null constraint passkey_name_ck check (length(name) between 1 and 60),
    public_key       bytea not null,
    sign_count       bigint not null constraint passkey_sign_count_ck check (sign_count >= 0),   -- 0 for ever where the authenticator does not count
    transports       text not null constraint passkey_transports_ck check (length(transports) <= 200),   -- words with a space between
    user_verified    boolean not null,
    backup_eligible  boolean not null,
    backed_up        boolean not null,
    created_at       timestamptz not null default now(),
    last_used_at     timestamptz
);
comment on table passkey is 'passkey is a table where each row is a WebAuthn credential of one person.';
create index passkey_user_ix on passkey (user_id);

-- Bound to who was asked: the step, the sign-in, or, before anybody is known, the browser's own token. Taking it deletes it.
create table passkey_challenge (
    holder_sha256  bytea primary key check (length(holder_sha256) = 32),
    purpose        text not null check (purpose in ('register', 'step', 'alone')),
    state          bytea not null,                                 -- sealed with the installation's key
    source         text not null,                                  -- network that asked
    created_at     timestamptz not null default now()
);
comment on table passkey_challenge is 'passkey_challenge is a table where each row is a question to a passkey that was not answered yet.';
create index passkey_challenge_age_ix on passkey_challenge (created_at);
create index passkey_challenge_source_ix on passkey_challenge (source, created_at) where purpose = 'alone';

create or replace function has_factor(person uuid) returns boolean language sql stable as $$
    select exists (select from totp where user_id = person) or exists (select from passkey where user_id = person)
$$;
