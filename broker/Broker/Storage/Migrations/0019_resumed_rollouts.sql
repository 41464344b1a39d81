-- A halted roll-out can go on from where it was. What got lost before that is not held against the new version.
alter table rollout add column halted_in text check (halted_in in ('canary', 'proving', 'waves'));
alter table rollout add column resumed_at timestamptz;
