-- Where an RD Gateway channel of this pool ends: at the gateway, which signs the person in, or at the machine itself.
alter table pool add column rd_gateway_end_to_end boolean not null default false;
