-- The fields of a form that differ; the items of a rating and their reasons are fields of their own.
create or replace function review_fields(was jsonb, is_ jsonb) returns text[] language sql immutable
set search_path = pg_catalog, pg_temp as $$
  with before as (select was || coalesce(was -> 'items', '{}') || coalesce(was -> 'missing', '{}') as v),
       after as (select is_ || coalesce(is_ -> 'items', '{}') || coalesce(is_ -> 'missing', '{}') as v)
  select coalesce(array_agg(key), '{}') from before, after,
    lateral (select jsonb_object_keys(before.v) union select jsonb_object_keys(after.v)) k (key)
  where before.v -> key is distinct from after.v -> key
$$;
grant execute on function review_fields(jsonb, jsonb) to trialsite_app, trialsite_report;
