-- The chain in which a row of the closed schema is sealed. One a study for what is drawn and handed out, for who looked
-- and for the live report, and one a look: so that neither two studies nor a long report and a randomisation wait for
-- each other.
create or replace function audit.closed_chain(in_table text, held jsonb) returns text language sql immutable
set search_path = pg_catalog, pg_temp as $$
  select case
    when in_table in ('slot', 'kit', 'stock', 'plan', 'replacement') then 'allocation:' || (held ->> 'study_id')
    when in_table in ('log', 'report') then in_table || ':' || (held ->> 'study_id')
    else 'look:' || (held ->> 'look_id')
  end
$$;
grant execute on function audit.closed_chain(text, jsonb) to trialsite_owner;
