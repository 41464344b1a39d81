-- OpenID Connect providers that people sign in with.
create table oidc_provider (
    provider_id           uuid primary key,
    name                  text not null,                                 -- stands on the button
    enabled               boolean not null default true,
    issuer                text not null check (issuer like 'https://%'), -- compared byte by byte with what tokens say
    client_id             text not null,
    client_secret         bytea not null,                                -- sealed, never plain; an empty one, too
    authorities           text not null default '',                      -- PEM; empty: the system's
    scopes                text[] not null default '{}',                  -- besides openid
    name_claim            text not null,
    display_name_claim    text not null,
    groups_claim          text not null,
    only_mapped           boolean not null default false,                -- who is in none of the mapped groups does not come in
    second_factor_values  text[] not null default '{}',                  -- of amr or acr: the provider has asked for a second factor; empty: its word is not taken
    created_at            timestamptz not null default now()
);
comment on table oidc_provider is 'oidc_provider is a table where each row is one OpenID Connect provider that people sign in with.';
create unique index oidc_provider_name_uq on oidc_provider (lower(name));
create unique index oidc_provider_client_uq on oidc_provider (issuer, client_id);

-- INVARIANT: a person of a provider is known by its subject alone, and nobody who is known otherwise becomes one.
alter table app_user add column oidc_provider_id uuid references oidc_provider;
alter table app_user add column oidc_subject text;
alter table app_user add constraint app_user_oidc_ck check ((oidc_provider_id is null) = (oidc_subject is null) and (oidc_provider_id is null or directory_id is null and password_hash is null));
create unique index app_user_oidc_uq on app_user (oidc_provider_id, oidc_subject);

-- A group of a provider is one mapped value of its groups claim.
alter table app_group add column oidc_provider_id uuid references oidc_provider on delete cascade;
alter table app_group add column oidc_value text;
alter table app_group add constraint app_group_oidc_ck check ((oidc_provider_id is null) = (oidc_value is null) and (oidc_provider_id is null or directory_id is null));
create unique index app_group_oidc_uq on app_group (oidc_provider_id, oidc_value);
drop index app_group_name_uq;
create unique index app_group_name_uq on app_group (lower(name)) where directory_id is null and oidc_provider_id is null;

-- Between the button and the way back: minutes, one use, one browser.
create table oidc_flow (
    state_sha256    bytea primary key check (length(state_sha256) = 32),
    browser_sha256  bytea not null check (length(browser_sha256) = 32),
    provider_id     uuid not null references oidc_provider on delete cascade,
    audience        text not null check (audience in ('employee', 'administrator')),
    redirect_uri    text not null,
    back            text not null,                                       -- page of the face that the person wanted
    secrets         bytea not null,                                      -- nonce and PKCE verifier, sealed
    fresh           boolean not null,                                    -- the provider is to ask again whoever is signed in there
    source_address  text not null,
    created_at      timestamptz not null default now(),
    expires_at      timestamptz not null
);
comment on table oidc_flow is 'oidc_flow is a table where each row is a sign-in that was sent to its provider and has not come back.';
create index oidc_flow_expiry_ix on oidc_flow (expires_at);
create index oidc_flow_source_ix on oidc_flow (source_address);

-- What was signed in through a session at the provider ends with it.
create table oidc_session (
    oidc_session_id  uuid primary key,
    provider_id      uuid not null references oidc_provider on delete cascade,
    user_id          uuid not null references app_user on delete cascade,
    subject          text not null,
    sid              text not null,                                      -- empty: the provider names no sessions
    id_token         bytea not null,                                     -- sealed; the hint that signing out there asks for
    expires_at       timestamptz not null
);
comment on table oidc_session is 'oidc_session is a table where each row is a session at a provider through which somebody came in.';
create index oidc_session_provider_ix on oidc_session (provider_id, subject);
create index oidc_session_user_ix on oidc_session (user_id);
create index oidc_session_expiry_ix on oidc_session (expires_at);
alter table sign_in add column oidc_session_id uuid references oidc_session on delete cascade;
alter table sign_in_step add column oidc_session_id uuid references oidc_session on delete cascade;
create index sign_in_oidc_ix on sign_in (oidc_session_id);
create index sign_in_step_oidc_ix on sign_in_step (oidc_session_id);

-- A logout token works once.
create table oidc_logout (
    provider_id  uuid not null references oidc_provider on delete cascade,
    jti_sha256   bytea not null check (length(jti_sha256) = 32),
    expires_at   timestamptz not null,
    primary key (provider_id, jti_sha256)
);
comment on table oidc_logout is 'oidc_logout is a table where each row is a logout token that was seen, for as long as it could be shown again.';
