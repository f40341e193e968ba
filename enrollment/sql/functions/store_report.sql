-- The live report of a study in place of the one before. The unblinded worker's.
create or replace function closed.store_report(study bigint, content jsonb) returns void
language sql security definer set search_path = pg_catalog, closed, pg_temp as $$
  insert into closed.report as r (study_id, report) values (study, content)
  on conflict (study_id) do update
    set report = excluded.report, serial = r.serial + 1, computed_at = clock_timestamp()
$$;
grant execute on function closed.store_report(bigint, jsonb) to trialsite_closed;
