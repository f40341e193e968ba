-- What audit.membership holds, from the entries alone.
create or replace function audit.recorded_memberships(of_row text default null) returns setof audit.membership language sql stable
set search_path = pg_catalog, audit, pg_temp as $$
  select row_pk::bigint, (fields ->> 'user_id')::bigint, (fields ->> 'study_id')::bigint, fields ->> 'role',
    (fields ->> 'starts_at')::timestamptz, (fields ->> 'ends_at')::timestamptz
  from audit.recorded_rows('accounts_membership', of_row)
$$;
