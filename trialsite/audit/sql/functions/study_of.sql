-- The study that a row of a table names, if it names one.
create or replace function audit.study_of(in_table text, fields jsonb) returns bigint language sql immutable
set search_path = pg_catalog, pg_temp as $$
  select (fields ->> case in_table when 'accounts_study' then 'id' else 'study_id' end)::bigint
$$;
