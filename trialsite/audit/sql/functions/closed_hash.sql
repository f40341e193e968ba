-- The hash of an entry of the closed schema's chain: of the one before it and of all that the entry says.
create or replace function audit.closed_hash(e closed.entry) returns bytea language sql immutable
set search_path = pg_catalog, pg_temp as $$
  select sha256(e.prev || convert_to(jsonb_build_array(
    e.chain, e.n, extract(epoch from e.at)::text, e.table_name, e.row_key, e.op::text, e.actor, e.db_user, e.held,
    e.salt)::text, 'UTF8'))
$$;
grant execute on function audit.closed_hash(closed.entry) to trialsite_owner;
