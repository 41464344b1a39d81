-- Machines a pool keeps ready beyond those that people have; null: always as many as it may have.
alter table pool add column spare integer constraint pool_spare_ck check (spare between 0 and 5000);
alter table pool add column spare_percent boolean not null default false
    constraint pool_spare_percent_ck check (not spare_percent or spare between 0 and 100);
