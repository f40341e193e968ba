-- The fields of a row with a digest in place of each secret. Nobody is granted this function.
create or replace function audit.hide(in_table text, in_row text, fields jsonb) returns jsonb language sql stable
set search_path = pg_catalog, audit, pg_temp as $$
  select fields || coalesce(
    (select jsonb_object_agg(c, 'not shown, digest ' || audit.digest(in_table, in_row, c, fields ->> c))
     from unnest(audit.secret()) c where fields ? c), '{}')
$$;
