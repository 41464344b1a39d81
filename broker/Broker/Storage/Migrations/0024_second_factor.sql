-- What a person proves with besides the password.
create table totp (
    user_id     uuid primary key references app_user on delete cascade,
    secret      bytea not null,                                    -- sealed with the installation's key
    last_step   bigint not null,                                   -- of the newest code that was taken: older ones, and itself, are good for nothing
    created_at  timestamptz not null default now()
);
comment on table totp is 'totp is a table where each row is the authenticator app of one person.';

create table recovery_code (
    user_id      uuid not null references app_user on delete cascade,
    code_sha256  bytea not null check (length(code_sha256) = 32),
    primary key (user_id, code_sha256)
);
comment on table recovery_code is 'recovery_code is a table where each row is a code that replaces a second factor once; using it deletes it.';

-- Bound to the step or the sign-in that asked, so that nobody else who knows the password sees the secret that is going to count.
create table totp_enrolment (
    holder_sha256  bytea primary key check (length(holder_sha256) = 32),
    user_id        uuid not null references app_user on delete cascade,
    secret         bytea not null,
    created_at     timestamptz not null default now()
);
comment on table totp_enrolment is 'totp_enrolment is a table where each row is an authenticator app that was offered and not confirmed yet.';

create table sign_in_step (
    token_sha256  bytea primary key check (length(token_sha256) = 32),
    user_id       uuid not null references app_user on delete cascade,
    audience      text not null check (audience in ('employee', 'administrator')),
    client        text not null default '' constraint sign_in_step_client_ck check (length(client) <= 100),
    tries_left    integer not null constraint sign_in_step_tries_left_ck check (tries_left >= 0),
    expires_at    timestamptz not null
);
comment on table sign_in_step is 'sign_in_step is a table where each row is a sign-in whose password was right and whose second factor is awaited.';
create index sign_in_step_user_ix on sign_in_step (user_id);
create index sign_in_step_expiry_ix on sign_in_step (expires_at);

-- An administrator's token is good only with it, whatever wrote the row.
alter table sign_in add column second_factor boolean not null default false;

create function has_factor(person uuid) returns boolean language sql stable as $$
    select exists (select from totp where user_id = person)
$$;
