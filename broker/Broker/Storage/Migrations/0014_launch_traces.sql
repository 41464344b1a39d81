-- Why somebody got a machine, or none. History, so no foreign keys; swept after the days that the broker is told.
create table launch_trace (
    launch_trace_id      uuid primary key,
    asked_at             timestamptz not null,
    ended_at             timestamptz,                              -- null: still waits
    request_id           uuid not null,
    user_id              uuid not null,
    user_name            text not null default '',
    pool_id              uuid not null,
    pool_name            text not null default '',
    client_address       text not null default '',
    outcome              text not null check (outcome in ('waiting', 'started', 'resumed', 'refused', 'given_up', 'lost')),
    rule                 text not null check (rule in ('own_session', 'own_machine', 'free_machine', 'queue', 'refusal')),
    reason               text,                                     -- name of a public reason code
    session_id           uuid,
    machine_id           uuid,
    machine_name         text not null default '',
    host_name            text not null default '',
    attempts             integer not null,
    deciding_ms          double precision not null,                -- of all attempts, in the broker
    waits                jsonb not null default '[]',              -- what the person was told, and of what the estimate was made
    looked_at            timestamptz,                              -- when the pool's machines were counted: just after the first decision
    look                 jsonb,                                    -- verdict -> how many machines, and a few names
    own_machine_name     text not null default '',
    own_machine_verdict  text not null default ''
) with (fillfactor = 85);
comment on table launch_trace is 'launch_trace is a table where each row says why one launch ended as it did.';
create index launch_trace_asked_ix on launch_trace (asked_at desc);
create index launch_trace_user_ix on launch_trace (user_id, asked_at desc);
create index launch_trace_pool_ix on launch_trace (pool_id, asked_at desc);
create index launch_trace_session_ix on launch_trace (session_id) where session_id is not null;
create index launch_trace_open_ix on launch_trace (asked_at) where ended_at is null;
