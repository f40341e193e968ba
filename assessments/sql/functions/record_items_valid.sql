-- What a record holds of items: a value each, never an empty one, or the reason why there is none, never both.
-- Which value an item may have its form says (assessments/domain/values.py); blank is no entry at all.
create or replace function record_items_valid(items jsonb, missing jsonb, comments jsonb) returns boolean language sql immutable
set search_path = pg_catalog, pg_temp as $$
  select jsonb_typeof(items) = 'object' and jsonb_typeof(missing) = 'object' and jsonb_typeof(comments) = 'object'
    and not exists (select from jsonb_each(items)
      where value in ('null', '""', '[]', '{}') or missing ? key)
    and not exists (select from jsonb_each(missing) where jsonb_typeof(value) <> 'string' or value = '""')
    and not exists (select from jsonb_each(comments) where jsonb_typeof(value) <> 'string' or value = '""')
$$;
grant execute on function record_items_valid(jsonb, jsonb, jsonb) to trialsite_app;
