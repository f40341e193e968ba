-- What tells a row of the closed schema from the others of its table.
create or replace function audit.closed_key(in_table text, held jsonb) returns text language sql immutable
set search_path = pg_catalog, pg_temp as $$
  select case in_table
    when 'kit' then (held ->> 'study_id') || '/' || (held ->> 'kit_number')
    when 'report' then held ->> 'study_id'
    when 'print' then (held ->> 'look_id') || '/' || (held ->> 'decided')
    else coalesce(held ->> 'id', held ->> 'look_id')
  end
$$;
grant execute on function audit.closed_key(text, jsonb) to trialsite_owner;
