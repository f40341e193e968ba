-- The last place of an allocation list that is sealed: as put in, free; or as handed out.
create or replace function audit.closed_place(study text, site text, handed_out boolean) returns int language sql stable
set search_path = pg_catalog, pg_temp as $$
  select (e.held ->> 'position')::int from closed.entry e
  where e.table_name = 'slot' and e.chain = 'allocation:' || study
    and coalesce(e.held ->> 'site_id', '') = coalesce(site, '') and (e.held ->> 'participant_id' is not null) = handed_out
  order by (e.held ->> 'position')::int desc limit 1
$$;
grant execute on function audit.closed_place(text, text, boolean) to trialsite_owner;
