-- What IT tells and offers employees on the portal besides desktops.
create table announcement (
    announcement_id  uuid primary key,
    text_pt          text not null constraint announcement_text_pt_ck check (length(text_pt) <= 500),
    text_en          text not null constraint announcement_text_en_ck check (length(text_en) <= 500),
    urgent           boolean not null,
    shows_from       timestamptz not null default now(),
    shows_until      timestamptz constraint announcement_shows_until_ck check (shows_until > shows_from),
    constraint announcement_text_ck check (text_pt <> '' or text_en <> '')
);
comment on table announcement is 'announcement is a table where each row is a text that employees see on the portal for a time.';

create table web_link (
    link_id         uuid primary key,
    position        integer not null,
    name_pt         text not null constraint web_link_name_pt_ck check (length(name_pt) <= 80),
    name_en         text not null constraint web_link_name_en_ck check (length(name_en) <= 80),
    description_pt  text not null constraint web_link_description_pt_ck check (length(description_pt) <= 200),
    description_en  text not null constraint web_link_description_en_ck check (length(description_en) <= 200),
    address         text not null constraint web_link_address_ck check (address ~ '^https?://' and length(address) <= 500),
    constraint web_link_name_ck check (name_pt <> '' or name_en <> '')
);
comment on table web_link is 'web_link is a table where each row is a card of the portal that leads to another service of the house.';

-- Desktops that a person wants to see first.
create table favourite (
    user_id  uuid not null references app_user on delete cascade,
    pool_id  uuid not null references pool on delete cascade,
    primary key (user_id, pool_id)
);
comment on table favourite is 'favourite is a table where each row is a pool that a person wants to see first.';

-- A name for a sign-in that its owner may see and use; the hash of the token is neither shown nor guessed at.
alter table sign_in add column sign_in_id uuid not null default gen_random_uuid() constraint sign_in_sign_in_id_uq unique;
alter table sign_in add column client text not null default '' constraint sign_in_client_ck check (length(client) <= 100);
