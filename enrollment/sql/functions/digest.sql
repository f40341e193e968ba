-- The table of sessions keeps the SHA-256 of each key: what the caller gives is the key, from the cookie.
create or replace function closed.digest(session text) returns text language sql immutable strict
set search_path = pg_catalog, pg_temp as $$ select encode(sha256(convert_to(session, 'UTF8')), 'hex') $$;
