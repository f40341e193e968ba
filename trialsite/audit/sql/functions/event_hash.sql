create or replace function audit.event_hash(e audit.event) returns bytea language sql immutable
set search_path = pg_catalog, audit, pg_temp as $$
  select sha256(e.prev || convert_to(audit.event_content(e), 'UTF8'))
$$;
