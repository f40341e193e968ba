-- Takes the next number of the chain, links and writes one entry. Nobody is granted this function.
create or replace function audit.append(e audit.event) returns void language plpgsql
set search_path = pg_catalog, audit, pg_temp as $$
declare own bigint := e.study;
begin
  select h.n + 1, h.hash, coalesce(h.study, own) into e.n, e.prev, e.study from audit.head(e.chain, own) h;
  e.at := clock_timestamp();
  e.txid := pg_current_xact_id();
  e.db_user := session_user;
  e.hash := audit.event_hash(e);
  insert into audit.event select e.*;
  update audit.chain_head set n = e.n, hash = e.hash where chain = e.chain;
  perform audit.remember(e.table_name, e.row_pk);
end $$;
