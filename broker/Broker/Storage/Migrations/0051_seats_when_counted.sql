-- Seats below a quota are looked for by functions of their own: most people and pools have none, and what a statement holds
-- is set up at every launch, used or not. Stable: they see what the statement that asks sees.

-- The lowest free seat of a person; no row: none. Open sessions without a seat below the limit narrow the seats, here and below: the sum never exceeds it.
create function free_user_seat(person uuid, most integer) returns setof integer language plpgsql stable strict as $$
begin
    return query
    select n
      from generate_series(0, most - 1 - (select count(*) from session s
                                           where s.user_id = person and s.state <> 'ended' and (s.user_seat is null or s.user_seat >= most))::integer) n
     where not exists (select from session s where s.user_id = person and s.user_seat = n and s.state <> 'ended')
     order by n
     limit 1;
end $$;

-- All free seats of a pool: one reading of the taken ones, and not a look for each seat.
create function free_pool_seats(pool uuid, most integer) returns setof integer language plpgsql stable strict as $$
begin
    return query
    select n
      from generate_series(0, most - 1 - (select count(*) from session s
                                           where s.pool_id = pool and s.state <> 'ended' and (s.pool_seat is null or s.pool_seat >= most))::integer) n
    except
    select s.pool_seat from session s where s.pool_id = pool and s.state <> 'ended' and s.pool_seat is not null;
end $$;

-- A free seat of a group, the next from a random one on, so that many at once do not take the same; null: none.
create function free_group_seat(of_group uuid, most integer, near integer) returns integer language plpgsql stable as $$
begin
    return (select f.n
              from (select n
                      from generate_series(0, most - 1 - (select count(*)
                                                            from session s join group_member o on o.user_id = s.user_id and o.group_id = of_group
                                                           where s.state <> 'ended'
                                                             and not exists (select from group_seat t where t.session_id = s.session_id and t.group_id = of_group and t.seat < most))::integer) n
                    except
                    select t.seat from group_seat t where t.group_id = of_group) f
             order by f.n < near % most, f.n
             limit 1);
end $$;
