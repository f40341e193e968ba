-- The kits on hand at a site that are nobody's, in the order in which those of an arm are handed out. For functions of this
-- schema alone.
create or replace function closed.free_kits(site bigint) returns table (kit_number text, arm text, ticket uuid)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select t.kit_number, t.arm, t.ticket
  from public.enrollment_kit h join closed.stock t on t.study_id = h.study_id and t.kit_number = h.number
  where h.site_id = site and h.state = 'on_hand' and h.period_id is null
    and not exists (select from closed.kit k where k.study_id = t.study_id and k.kit_number = t.kit_number)
    and not exists (select from closed.replacement r where r.study_id = t.study_id and r.kit_number = t.kit_number)
$$;
revoke execute on function closed.free_kits(bigint) from public;
