-- A session whose person took the card out and whose pool says so is locked: only a ticket that is newer than the lock, for a sign-in that is, opens it (ADR 63).
alter table pool drop constraint pool_card_removal_ck;
alter table pool add constraint pool_card_removal_ck check (card_removal in ('nothing', 'disconnect', 'lock'));

alter table session add column locked_since timestamptz;                        -- null: not locked
alter table session add column unlocked_at timestamptz;                         -- when it was unlocked last
alter table session add column lock_held boolean not null default false;        -- a locker covers the screen, as its agent says
alter table session add column return_key_sha256 bytea constraint session_return_key_ck check (length(return_key_sha256) = 32);   -- of the terminal that reported it
alter table session add constraint session_return_key_locked_ck check (return_key_sha256 is null or locked_since is not null);
create index session_locked_ix on session (user_id) where (locked_since is not null or lock_held) and state <> 'ended';
