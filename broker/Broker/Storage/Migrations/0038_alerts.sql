-- What IT is told of by itself. The rules are in the program (Domain, AlertRules); here is what somebody changed of them, for everything or for one pool.
create table alert_rule (
    rule         text not null,
    pool_id      uuid references pool on delete cascade,           -- null: everywhere else
    enabled      boolean not null,
    threshold    double precision,                                 -- null: the rule has none
    for_seconds  integer not null check (for_seconds between 0 and 86400),
    severity     text not null check (severity in ('info', 'warning', 'critical')),
    constraint alert_rule_uq unique nulls not distinct (rule, pool_id)
);
comment on table alert_rule is 'alert_rule is a table where each row is what somebody changed of a rule, for everything or for one pool.';

create table alert (
    alert_id         uuid primary key,
    rule             text not null,
    object_kind      text not null,
    object_key       text not null,                                -- identifier or name; no key, because an alert outlives its object
    object_name      text not null,
    pool_id          uuid,
    state            text not null check (state in ('pending', 'open', 'resolved')),   -- pending: not yet for as long as the rule says
    severity         text not null check (severity in ('info', 'warning', 'critical')),
    value            double precision not null,
    threshold        double precision,
    for_seconds      integer not null,
    detail           text not null default '',
    began_at         timestamptz not null default now(),
    opened_at        timestamptz,
    looked_at        timestamptz not null default now(),           -- when the value was last written
    resolved_at      timestamptz,
    acknowledged_at  timestamptz,
    acknowledged_by  text,
    constraint alert_state_ck check ((state = 'resolved') = (resolved_at is not null) and (state = 'pending') = (opened_at is null)),
    constraint alert_acknowledged_ck check ((acknowledged_at is null) = (acknowledged_by is null))
);
comment on table alert is 'alert is a table where each row is a time in which something was as a rule says it must not be.';
create unique index alert_one_open_uq on alert (rule, object_key) where resolved_at is null;   -- one for a rule and an object
create index alert_history_ix on alert (opened_at desc, alert_id) where opened_at is not null;
create index alert_resolved_ix on alert (resolved_at) where resolved_at is not null;

create table alert_silence (
    alert_silence_id  uuid primary key,
    rule              text not null,
    object_key        text,                                        -- null: everything that the rule is about
    until_at          timestamptz not null,
    reason            text not null check (length(reason) <= 500),
    silenced_by       text not null,
    silenced_at       timestamptz not null default now(),
    constraint alert_silence_uq unique nulls not distinct (rule, object_key)
);
comment on table alert_silence is 'alert_silence is a table where each row says that nobody is told of some alerts until a time.';

create function alert_silenced_until(alert_rule text, alert_object text) returns timestamptz language sql stable as $$
    select max(until_at) from alert_silence where rule = alert_rule and (object_key is null or object_key = alert_object) and until_at > now()
$$;

create table alert_channel (
    alert_channel_id  uuid primary key,
    name              text not null check (length(name) between 1 and 80),
    kind              text not null check (kind in ('mail', 'webhook')),
    enabled           boolean not null,
    least_severity    text not null check (least_severity in ('info', 'warning', 'critical')),
    language          text not null check (language in ('pt', 'en')),
    server            text not null default '',                     -- mail: host or host:port
    security          text not null default 'start_tls' check (security in ('start_tls', 'tls')),   -- mail never goes in the clear
    authorities       text not null default '',                     -- PEM; empty: the system's
    user_name         text not null default '',
    sender            text not null default '',
    recipients        text[] not null default '{}' check (cardinality(recipients) <= 50),
    url               text not null default '',                     -- webhook
    secret            bytea,                                        -- sealed: password of the mail account, or key of the signature
    created_at        timestamptz not null default now()
);
comment on table alert_channel is 'alert_channel is a table where each row is a way on which people are told of alerts.';
create unique index alert_channel_name_uq on alert_channel (lower(name));

create table alert_delivery (
    alert_delivery_id  uuid primary key,                            -- receivers tell a repetition by it
    alert_channel_id   uuid not null references alert_channel on delete cascade,
    state              text not null check (state in ('waiting', 'sent', 'given_up')),
    attempts           integer not null default 0,
    next_attempt_at    timestamptz not null default now(),
    error              text not null default '',
    created_at         timestamptz not null default now(),
    ended_at           timestamptz,
    constraint alert_delivery_ended_ck check ((state = 'waiting') = (ended_at is null))
);
comment on table alert_delivery is 'alert_delivery is a table where each row is one message to a channel, kept until the channel has taken it.';
create index alert_delivery_due_ix on alert_delivery (next_attempt_at) where state = 'waiting';
create index alert_delivery_channel_ix on alert_delivery (alert_channel_id, created_at desc);

-- INVARIANT: written in the transaction that opens or resolves the alert, so that no alert is open of which nobody will be told.
create table alert_notice (
    alert_id           uuid not null references alert on delete cascade,
    alert_channel_id   uuid not null references alert_channel on delete cascade,
    what               text not null check (what in ('opened', 'resolved')),
    noted_at           timestamptz not null default now(),
    alert_delivery_id  uuid references alert_delivery on delete cascade,   -- null: not in a message yet
    primary key (alert_id, alert_channel_id, what)
);
comment on table alert_notice is 'alert_notice is a table where each row says that a channel is to tell of one alert.';
create index alert_notice_waiting_ix on alert_notice (alert_channel_id, noted_at) where alert_delivery_id is null;
create index alert_notice_delivery_ix on alert_notice (alert_delivery_id) where alert_delivery_id is not null;

create trigger alert_inserted after insert on alert referencing new table as new_rows for each statement execute function record_change('alert', 'alert_id');
create trigger alert_updated after update on alert referencing new table as new_rows for each statement execute function record_change('alert', 'alert_id');
create trigger alert_deleted after delete on alert referencing old table as old_rows for each statement execute function record_change('alert', 'alert_id');

-- Broker nodes say that they live, and how full their volumes are.
create table broker_node (
    name          text primary key,                                 -- computer and API address: a restart is the same node
    node_id       uuid not null,
    seen_at       timestamptz not null default now(),
    volumes       jsonb not null default '[]'
) with (fillfactor = 50);
comment on table broker_node is 'broker_node is a table where each row is a broker node that was not stopped in order.';

-- What a verification or the sealer found wrong with the audit record; goes when a whole verification finds nothing.
create table audit_fault (
    batch_no  bigint not null,
    fault     text not null,
    found_at  timestamptz not null default now(),
    primary key (batch_no, fault)
);
comment on table audit_fault is 'audit_fault is a table where each row is a fault of the audit record that nobody has cleared up.';

-- How far the audit record has gone to a syslog server. Another server starts at the first batch.
create table audit_export (
    server    text primary key,
    batch_no  bigint not null default 0,                            -- the last batch that the server has read whole
    current   boolean not null,                                     -- the one that the settings name
    error     text not null default ''
);
comment on table audit_export is 'audit_export is a table where each row is how much of the audit record one syslog server has.';
