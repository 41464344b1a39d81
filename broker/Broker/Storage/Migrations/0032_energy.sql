-- What hosts are estimated to draw, hour by hour; the model and its numbers are settings of the broker.
create table energy_hour (
    hour      timestamptz not null,
    host_id   uuid not null references host on delete cascade,
    used_wh   double precision not null,
    saved_wh  double precision not null,
    primary key (hour, host_id)
);
comment on table energy_hour is 'energy_hour is a table where each row is an estimate, in watt-hours, of what one host drew and of what its sleeping machines saved within one hour.';

-- INVARIANT: no moment is counted twice, however many brokers count. The one row says until when it was counted.
create table energy_clock (
    only_one    boolean primary key default true check (only_one),
    counted_at  timestamptz not null default now()
);
insert into energy_clock default values;
