-- An image roll-out moves a pool to another image version: a few machines prove it, then the others follow in waves.
create table rollout (
    rollout_id        uuid primary key,
    pool_id           uuid not null references pool on delete cascade,
    from_version_id   uuid not null references image_version,
    to_version_id     uuid not null references image_version,
    state             text not null check (state in ('canary', 'proving', 'waves', 'halted', 'rolling_back', 'done', 'rolled_back')),
    state_since       timestamptz not null default now(),
    canaries          integer not null check (canaries between 1 and 100),
    wave_percent      integer not null check (wave_percent between 1 and 100),
    keep_ready        integer not null check (keep_ready between 0 and 5000),
    slowdown_percent  integer not null check (slowdown_percent between 0 and 1000),   -- by which a log-on may be slower than before
    start_within      interval not null,                          -- from power-on of a canary to its agent's report
    force_at          timestamptz,                                -- open sessions on the old version end then; null: never
    warn_before       interval not null default interval '15 minutes',
    warned_at         timestamptz,
    old_logon_ms      integer,                                    -- median of real log-ons on the old version; null: there were none
    asked_by          text not null,
    started_at        timestamptz not null default now(),
    ended_at          timestamptz,
    halt_reason       text,                                       -- name of a public reason code
    halt_detail       text,
    waiting_reason    text,                                       -- why the next machine is not changed yet
    constraint rollout_versions_ck check (from_version_id <> to_version_id),
    constraint rollout_ended_ck check ((ended_at is not null) = (state in ('done', 'rolled_back')))
);
comment on table rollout is 'rollout is a table where each row is one move of a pool to another image version.';
create unique index rollout_one_open_per_pool_uq on rollout (pool_id) where ended_at is null;
create index rollout_pool_ix on rollout (pool_id, started_at desc);

-- A machine that proves the new version. It is handed out only after that.
alter table machine add column canary_of uuid references rollout on delete set null;
create index machine_canary_ix on machine (canary_of) where canary_of is not null;

-- INVARIANT: a canary is never offered before its roll-out lets it go. Whoever calls it available only gets it reserved.
create function hold_canary() returns trigger language plpgsql as $$
begin
    new.state := 'reserved';
    return new;
end $$;
create trigger machine_canary_held before update of state on machine
    for each row when (new.canary_of is not null and new.state = 'available') execute function hold_canary();
alter table machine add constraint machine_canary_not_offered_ck check (state <> 'available' or canary_of is null);

-- The one place that says from which image version a machine's next overlay is made: of its pool, and of whether it is a canary.
create function wanted_image(canary_of uuid, pool uuid) returns table (image_version_id uuid, rolling_out boolean) language sql stable as $$
    select case when r.state = 'waves' or (r.state in ('canary', 'proving') and canary_of = r.rollout_id)
                then r.to_version_id else p.image_version_id end,
           r.rollout_id is not null
      from pool p
      left join rollout r on r.pool_id = p.pool_id and r.ended_at is null
     where p.pool_id = pool
$$;

-- Whoever logs on to a canary is nobody: not listed, not counted, and cannot sign in.
alter table app_user add column synthetic boolean not null default false;
alter table session add column synthetic boolean not null default false;

create table rollout_probe (
    probe_id     uuid primary key,
    rollout_id   uuid not null references rollout on delete cascade,
    machine_id   uuid not null references machine on delete cascade,
    state        text not null check (state in ('asked', 'running', 'shown', 'passed', 'failed', 'lost')),
    generation   integer not null,                                -- the overlay that it logs on to
    session_id   uuid references session on delete set null,
    gateway_id   uuid,
    asked_at     timestamptz not null default now(),
    began_at     timestamptz,
    shown_at     timestamptz,
    ended_at     timestamptz check ((ended_at is not null) = (state in ('passed', 'failed', 'lost'))),
    redeemed_ms  integer,                                         -- ticket, machine's agent, one-time sign-in
    started_ms   integer,                                         -- the worker stands and has reached the machine
    picture_ms   integer,                                         -- the first picture, counted from the order like the others
    logon_ms     integer,                                         -- by the machine's own agent, as of real log-ons
    reason       text
);
comment on table rollout_probe is 'rollout_probe is a table where each row is one synthetic log-on to a canary through a gateway.';
create unique index rollout_probe_one_open_per_machine_uq on rollout_probe (machine_id) where ended_at is null;
create index rollout_probe_rollout_ix on rollout_probe (rollout_id, asked_at);

create trigger rollout_inserted after insert on rollout referencing new table as new_rows for each statement execute function record_change('rollout', 'rollout_id');
create trigger rollout_updated after update on rollout referencing new table as new_rows for each statement execute function record_change('rollout', 'rollout_id');
create trigger rollout_probe_inserted after insert on rollout_probe referencing new table as new_rows for each statement execute function record_change('rollout', 'rollout_id');
create trigger rollout_probe_updated after update on rollout_probe referencing new table as new_rows for each statement execute function record_change('rollout', 'rollout_id');
