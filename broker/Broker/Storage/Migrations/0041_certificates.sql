-- Certification authorities whose certificates sign people in (ADR 56). Not to be mixed up with authority, which is this installation's own.
create table sign_in_authority (
    authority_id  uuid primary key,
    name          text not null,                                         -- for administrators and the audit record
    enabled       boolean not null default true,
    certificates  text not null,                                         -- PEM: roots; with authorities below them, only what one of those issued counts
    names_by      text not null check (names_by in ('subject_serial_number', 'upn', 'email', 'common_name')),
    pattern       text not null default '',                              -- what of the name counts; empty: all of it
    by_user_name  boolean not null default false,                        -- the name is a user name here, too; else only links count
    purpose       text not null,                                         -- extended key usage; empty: any
    policies      text[] not null default '{}',                          -- one of them must hold; empty: any
    revocation    text not null check (revocation in ('off', 'online', 'file')),
    both_factors  boolean not null,                                      -- its keys ask for a PIN, so nothing else is asked for
    created_at    timestamptz not null default now()
);
comment on table sign_in_authority is 'sign_in_authority is a table where each row is a certification authority whose certificates sign people in.';
create unique index sign_in_authority_name_uq on sign_in_authority (lower(name));

create table certificate_link (
    authority_id  uuid not null references sign_in_authority on delete cascade,
    value         text not null check (length(value) between 1 and 256), -- INVARIANT: one value of an authority names one person
    user_id       uuid not null references app_user on delete cascade,
    created_at    timestamptz not null default now(),
    primary key (authority_id, value)
);
comment on table certificate_link is 'certificate_link is a table where each row says whom a name in certificates of one authority is.';
create index certificate_link_user_ix on certificate_link (user_id);

-- Between the button and the certificate: minutes, one use.
create table certificate_flow (
    state_sha256    bytea primary key check (length(state_sha256) = 32),
    browser_sha256  bytea not null check (length(browser_sha256) = 32),
    audience        text not null check (audience in ('employee', 'administrator')),
    back            text not null,                                       -- page of the face that the person wanted
    source_address  text not null,
    expires_at      timestamptz not null
);
comment on table certificate_flow is 'certificate_flow is a table where each row is a sign-in that waits for its certificate.';
create index certificate_flow_expiry_ix on certificate_flow (expires_at);
create index certificate_flow_source_ix on certificate_flow (source_address);

-- Between the certificate and the page that asked: seconds, one use, one browser.
create table certificate_hand_over (
    token_sha256    bytea primary key check (length(token_sha256) = 32),
    browser_sha256  bytea not null check (length(browser_sha256) = 32),
    audience        text not null check (audience in ('employee', 'administrator')),
    back            text not null,
    authority_id    uuid not null references sign_in_authority on delete cascade,
    user_id         uuid not null references app_user on delete cascade,
    expires_at      timestamptz not null
);
comment on table certificate_hand_over is 'certificate_hand_over is a table where each row is a certificate that was good and whose browser is on its way back.';
create index certificate_hand_over_expiry_ix on certificate_hand_over (expires_at);

-- What becomes of the connections of somebody whose terminal reports that the card was taken out.
alter table pool add column card_removal text not null default 'nothing' constraint pool_card_removal_ck check (card_removal in ('nothing', 'disconnect'));
