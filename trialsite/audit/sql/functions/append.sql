-- Takes the next number of the chain, links and writes the entry. The head is locked until commit: entries are
-- gapless because a rolled-back one gives its number back. Nobody is granted this function.
create or replace function audit.append(e audit.event) returns void language plpgsql
set search_path = pg_catalog, audit, pg_temp as $$
begin
  update audit.chain_head set n = n + 1 where chain = e.chain returning n, hash into e.n, e.prev;
  if not found then
    insert into audit.chain_head values (e.chain, 0, '\x00') on conflict do nothing;
    update audit.chain_head set n = n + 1 where chain = e.chain returning n, hash into e.n, e.prev;
  end if;
  e.at := clock_timestamp();
  e.txid := pg_current_xact_id();
  e.db_user := session_user;
  e.hash := audit.event_hash(e);
  insert into audit.event select e.*;
  update audit.chain_head set hash = e.hash where chain = e.chain;
end $$;
