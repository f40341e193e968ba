-- A row of the closed schema as it is sealed: long values by their SHA-256.
create or replace function audit.closed_form(held jsonb) returns jsonb language sql immutable
set search_path = pg_catalog, pg_temp as $$
  select jsonb_object_agg(key, case
    when key in ('report', 'results', 'cut', 'content')
      then to_jsonb(encode(sha256(convert_to(value #>> '{}', 'UTF8')), 'hex'))
    else value end)
  from jsonb_each(held)
$$;
grant execute on function audit.closed_form(jsonb) to trialsite_owner;
