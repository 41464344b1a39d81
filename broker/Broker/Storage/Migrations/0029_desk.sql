-- Filters of live tables that somebody keeps by a name.
create table saved_view (
    user_id uuid not null references app_user on delete cascade,
    page    text not null check (page ~ '^[a-z][a-z-]{0,39}$'),
    name    text not null check (length(name) between 1 and 80),
    query   text not null check (length(query) <= 2000),
    primary key (user_id, page, name)
);
comment on table saved_view is 'saved_view is a table where each row is one filter of a page of the console that a person has named.';

-- What the help desk wrote down about a person.
create table user_note (
    note_id    uuid        primary key,
    user_id    uuid        not null references app_user on delete cascade,
    written_at timestamptz not null default now(),
    written_by text        not null,
    text       text        not null check (length(text) between 1 and 2000)
);
create index user_note_user_ix on user_note (user_id, written_at desc);
comment on table user_note is 'user_note is a table where each row is one note about a person; notes are only added.';

-- Who may write may not rewrite: a note goes only with its person, and loses only the name of a writer who is erased.
create function refuse_change_of_note() returns trigger language plpgsql as $$
begin
    raise exception 'a note is not changed; add another one' using errcode = 'restrict_violation';
end $$;
create trigger user_note_append_only before update of note_id, user_id, written_at, text on user_note for each row execute function refuse_change_of_note();
