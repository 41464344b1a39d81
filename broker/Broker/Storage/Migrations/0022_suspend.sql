-- A pool's unused machines may also be suspended: their memory is kept beside their disk, and waking takes up where it stopped.
alter table power_schedule drop constraint power_schedule_idle_check;
alter table power_schedule add constraint power_schedule_idle_check check (idle in ('keep', 'shut_down', 'remove', 'suspend'));
alter table power_window drop constraint power_window_idle_check;
alter table power_window add constraint power_window_idle_check check (idle in ('keep', 'shut_down', 'remove', 'suspend'));

-- Counts while the machine is asleep: its host has its memory since then. Null: it is simply off.
alter table machine add column saved_at timestamptz;

-- Why the operation went another way than it was asked to; unlike an error it stays when that way ended well.
alter table operation add column fallback text;
