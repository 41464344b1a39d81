-- Days that are no ordinary weekday: Portugal's national holidays when wanted, and those that are written down or imported.
create table holiday_calendar (
    calendar_id  uuid primary key,
    name         text not null constraint holiday_calendar_name_uq unique check (length(name) between 1 and 80),
    national     boolean not null default true,
    created_at   timestamptz not null default now()
);
comment on table holiday_calendar is 'holiday_calendar is a table where each row is one list of days that are holidays.';
create table holiday (
    calendar_id  uuid not null references holiday_calendar on delete cascade,
    month        smallint not null check (month between 1 and 12),
    day          smallint not null check (day between 1 and 31),
    year         smallint check (year between 1900 and 2999),     -- null: every year
    name         text not null check (length(name) <= 200)
);
comment on table holiday is 'holiday is a table where each row is one holiday of a calendar.';
create unique index holiday_once_uq on holiday (calendar_id, month, day, coalesce(year, 0));

-- What a pool wants by weekday and hour. What no window says, the schedule's own values say; without a schedule the pool's own do.
create table power_schedule (
    pool_id        uuid primary key references pool on delete cascade,
    time_zone      text not null,
    calendar_id    uuid references holiday_calendar,
    spare          integer check (spare between 0 and 5000),      -- null: as many as the pool may have
    spare_percent  boolean not null default false,
    idle           text not null check (idle in ('keep', 'shut_down', 'remove')),
    open           boolean not null,
    constraint power_schedule_percent_ck check (not spare_percent or spare between 0 and 100)
);
comment on table power_schedule is 'power_schedule is a table where each row is what one pool wants outside of its windows.';
create table power_window (
    pool_id        uuid not null references power_schedule on delete cascade,
    days           smallint not null check (days between 1 and 255),   -- 1 Monday, 2 Tuesday, ... 64 Sunday, 128 holidays
    from_minute    smallint not null,
    until_minute   smallint not null,
    spare          integer check (spare between 0 and 5000),
    spare_percent  boolean not null default false,
    idle           text not null check (idle in ('keep', 'shut_down', 'remove')),
    open           boolean not null,
    constraint power_window_hours_ck check (0 <= from_minute and from_minute < until_minute and until_minute <= 1440),
    constraint power_window_percent_ck check (not spare_percent or spare between 0 and 100)
);
comment on table power_window is 'power_window is a table where each row is a part of some days on which a pool wants something of its own.';
create index power_window_pool_ix on power_window (pool_id);

-- Until then nobody begins a session; infinity: the schedule never opens. Kept by the leader, so that a launch reads no calendar.
alter table pool add column closed_until timestamptz;

-- INVARIANT: a machine that is asleep is switched off, has nobody on it, and is offered to nobody until it was woken.
alter table machine drop constraint machine_state_check;
alter table machine add constraint machine_state_check
    check (state in ('provisioning', 'available', 'reserved', 'in_use', 'unreachable', 'faulted', 'deleting', 'asleep'));
alter table operation drop constraint operation_kind_check;
alter table operation add constraint operation_kind_check
    check (kind in ('provision', 'refresh', 'restart', 'delete', 'publish', 'sleep', 'wake'));
