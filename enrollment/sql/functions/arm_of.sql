-- What is in a kit, of a list or of the stock; null where there is none of that number. For functions of this schema alone.
create or replace function closed.arm_of(study bigint, number text) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select k.arm from closed.kit k where k.study_id = study and k.kit_number = number
  union all
  select t.arm from closed.stock t where t.study_id = study and t.kit_number = number
  limit 1
$$;
revoke execute on function closed.arm_of(bigint, text) from public;
