-- The columns whose values differ: what people see as "was, now". NULL when nothing differs.
create or replace function audit.changed(a jsonb, b jsonb) returns text[] language sql immutable
set search_path = pg_catalog, pg_temp as $$
  select array_agg(key) from jsonb_each(b) where value is distinct from a -> key
$$;
