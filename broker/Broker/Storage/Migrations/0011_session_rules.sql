-- Time-outs of a pool's sessions, in minutes; null: never. Idle is warned of, then disconnected; disconnected is logged off;
-- empty, which nobody has logged on to, gives its machine back.
alter table pool add column idle_minutes integer constraint pool_idle_minutes_ck check (idle_minutes between 1 and 10080);
alter table pool add column disconnected_minutes integer constraint pool_disconnected_minutes_ck check (disconnected_minutes between 1 and 43200);
alter table pool add column empty_minutes integer default 5 constraint pool_empty_minutes_ck check (empty_minutes between 1 and 1440);

-- A floating machine never keeps what somebody left on it, and somebody's own machine is never thrown away at a logoff.
alter table pool add column log_off_action text;                      -- null: what its kind does by default
alter table pool add column after_log_off text not null generated always as (coalesce(log_off_action, case kind when 'floating' then 'refresh' else 'keep' end)) stored;
alter table pool add constraint pool_log_off_fits_kind_ck check (
    after_log_off in ('refresh', 'delete', 'keep')
    and case kind when 'floating' then after_log_off <> 'keep' when 'dedicated' then after_log_off = 'keep' when 'manual' then after_log_off = 'keep' else true end);

-- Not before this time the person last touched the session, as far as the agent was asked: never later than the truth.
alter table session add column last_input_at timestamptz;
alter table session add column idle_warned_at timestamptz;            -- of this idle spell, if later than last_input_at
alter table session add column timed_out text constraint session_timed_out_ck check (timed_out in ('idle', 'disconnected'));
alter table session add column timed_out_at timestamptz;              -- when that was last ordered
update session set last_input_at = now() where state = 'active';

create index session_idle_ix on session (pool_id, last_input_at) where state = 'active';
create index session_left_ix on session (pool_id, state_since) where state = 'disconnected';
create index session_empty_ix on session (pool_id, state_since) where state = 'pending';
