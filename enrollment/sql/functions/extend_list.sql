-- Appends places to an allocation list, of a site or (null) of the whole study. `places`: in their order
-- {"block": from 1, "sequence": code, "kits": [[number, arm] of each period]}; places and blocks go on from the last.
create or replace function closed.extend_list(study bigint, site bigint, places jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, closed, pg_temp as $$
declare
  last int;
  last_block int;
begin
  perform pg_advisory_xact_lock(hashtext('closed.slot'), study::int);
  select greatest(max(s.position), 0), greatest(max(s.block), 0) into last, last_block from closed.slot s
    where s.study_id = study and s.site_id is not distinct from site;
  insert into closed.slot (study_id, site_id, position, block, sequence)
    select study, site, last + n, last_block + (place ->> 'block')::int, place ->> 'sequence'
    from jsonb_array_elements(places) with ordinality p(place, n) order by n;
  insert into closed.kit (study_id, kit_number, slot_id, period, arm)
    select study, kit ->> 0, s.id, period, kit ->> 1
    from jsonb_array_elements(places) with ordinality p(place, n)
    join closed.slot s on s.study_id = study and s.site_id is not distinct from site and s.position = last + n
    cross join jsonb_array_elements(place -> 'kits') with ordinality k(kit, period);
end $$;
grant execute on function closed.extend_list(bigint, bigint, jsonb) to trialsite_closed;
