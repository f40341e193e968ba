-- Items are whole numbers by code, and an item that is missing has a reason and no number.
create or replace function assessment_items_valid(items jsonb, missing jsonb) returns boolean language sql immutable
set search_path = pg_catalog, pg_temp as $$
  select jsonb_typeof(items) = 'object' and jsonb_typeof(missing) = 'object'
    and not exists (select from jsonb_each(items)
      where jsonb_typeof(value) <> 'number' or value::text !~ '^[0-9]{1,3}$' or missing ? key)
    and not exists (select from jsonb_each(missing) where jsonb_typeof(value) <> 'string' or value = '""')
$$;
grant execute on function assessment_items_valid(jsonb, jsonb) to trialsite_app;
