-- Kits that are made for a shipment. `kits`: [number, arm, ticket]; by their tickets, drawn at random and seen by nobody,
-- the kits of an arm are handed out.
create or replace function closed.add_stock(study bigint, kits jsonb) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into closed.stock (study_id, kit_number, arm, ticket)
    select study, kit ->> 0, kit ->> 1, (kit ->> 2)::uuid from jsonb_array_elements(kits) kit order by kit ->> 0
$$;
grant execute on function closed.add_stock(bigint, jsonb) to trialsite_closed;
