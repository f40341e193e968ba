-- What audit.person holds, from the entries alone.
create or replace function audit.recorded_people(of_row text default null) returns setof audit.person language sql stable
set search_path = pg_catalog, audit, pg_temp as $$
  select row_pk::bigint, format('%s (%s)', fields ->> 'username', fields ->> 'printed_name'), (fields ->> 'is_system')::boolean
  from audit.recorded_rows('accounts_user', of_row)
$$;
