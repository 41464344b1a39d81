-- Keys for automation. A key is never worth more than its maker: what it may is looked up with what he may, at each call.
create table api_key (
    api_key_id      uuid primary key,
    name            text not null constraint api_key_name_ck check (name ~ '^[a-z0-9][a-z0-9._-]{0,39}$'),
    key_sha256      bytea not null constraint api_key_sha256_uq unique check (length(key_sha256) = 32),
    made_by         uuid not null references app_user on delete cascade,
    role            text not null references role (name) on delete cascade,      -- a role that a living key has is not deleted
    pool_id         uuid references pool on delete cascade,                      -- the scope; null: everything its maker has
    created_at      timestamptz not null default now(),
    expires_at      timestamptz not null,
    last_used_at    timestamptz,
    last_used_from  text not null default '',
    constraint api_key_life_ck check (expires_at <= created_at + interval '366 days')
);
comment on table api_key is 'api_key is a table where each row is a secret by which a program calls the API with some of the rights of the person who made it.';
create unique index api_key_name_uq on api_key (name);
create index api_key_maker_ix on api_key (made_by);
create index api_key_role_ix on api_key (role);
create index api_key_pool_ix on api_key (pool_id) where pool_id is not null;
