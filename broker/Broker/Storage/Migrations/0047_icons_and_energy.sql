-- The pictures on the cards of published applications.
create table application_icon (
    application_id  uuid primary key references application on delete cascade,
    sha256          bytea not null constraint application_icon_sha256_ck check (length(sha256) = 32),
    png             bytea not null constraint application_icon_png_ck check (length(png) <= 65536)
);
comment on table application_icon is 'application_icon is a table where each row is the picture of one published application, with nothing in it but the picture.';

-- Computers that packets wake have no host; they are counted by their pool.
create table computer_energy_hour (
    hour      timestamptz not null,
    pool_id   uuid not null references pool on delete cascade,
    used_wh   double precision not null,
    saved_wh  double precision not null,
    primary key (hour, pool_id)
);
comment on table computer_energy_hour is 'computer_energy_hour is a table where each row is an estimate, in watt-hours, of what the computers of one pool that packets wake drew and of what the sleeping ones saved within one hour.';
