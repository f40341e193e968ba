-- The kits of a place of the list, the latest where one was replaced. For functions of this schema alone.
create or replace function closed.kits_of(slot bigint) returns table (period int, kit_number text, arm text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select k.period, coalesce(
    (select r.kit_number from closed.replacement r where r.slot_id = k.slot_id and r.period = k.period
     order by r.id desc limit 1), k.kit_number), k.arm
  from closed.kit k where k.slot_id = slot
$$;
revoke execute on function closed.kits_of(bigint) from public;
