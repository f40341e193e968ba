-- What the hash is over, as text: an export hands it out, and whoever has it needs nothing else to check the chain.
create or replace function audit.event_content(e audit.event) returns text language sql immutable
set search_path = pg_catalog, audit, pg_temp as $$
  select jsonb_build_array(
    e.chain, e.n, extract(epoch from e.at)::text, e.txid::text, e.table_name, e.row_pk, e.op::text, e.actor, e.actor_name,
    e.actor_role, e.reason, e.request_id, host(e.ip), e.app_version, e.db_user, e.old, e.new)::text
$$;
grant execute on function audit.event_content(audit.event) to trialsite_owner, trialsite_app, trialsite_report;
