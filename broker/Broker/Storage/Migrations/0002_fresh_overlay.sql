-- The overlay that somebody signed in to, for floating machines only. A refresh counts generation up and so frees it.
alter table machine add column used_generation integer;

-- Invariant 2 as a constraint: no code path can offer a floating machine to a second user without a fresh overlay.
alter table machine add constraint machine_fresh_when_offered_ck
    check (state <> 'available' or used_generation is null or used_generation < generation);
