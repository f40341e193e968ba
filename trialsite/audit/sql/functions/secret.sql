-- A change of these columns is told, their values are not: not even a hash of a password leaves its table.
create or replace function audit.secret() returns text[] language sql immutable
set search_path = pg_catalog, pg_temp as $$ select array['password', 'sealed', 'token_sha256'] $$;
grant execute on function audit.secret() to trialsite_owner, trialsite_app, trialsite_report;
