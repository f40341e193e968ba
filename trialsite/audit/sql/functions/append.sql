-- Takes the next number of the chain, links and writes the entry. The head is locked until commit: entries are
-- gapless because a rolled-back one gives its number back. Nobody is granted this function.
create or replace function audit.append(e audit.event) returns void language plpgsql
set search_path = pg_catalog, audit, pg_temp as $$
declare own bigint := e.study;
begin
  update audit.chain_head set n = n + 1 where chain = e.chain returning n, hash, study into e.n, e.prev, e.study;
  if not found then
    -- A participant's chain begins with the participant, who stays in one study.
    insert into audit.chain_head (chain, n, hash, study)
    values (e.chain, 0, '\x00', case when e.chain <> 'system' then own end) on conflict do nothing;
    update audit.chain_head set n = n + 1 where chain = e.chain returning n, hash, study into e.n, e.prev, e.study;
  end if;
  e.study := coalesce(e.study, own);
  e.at := clock_timestamp();
  e.txid := pg_current_xact_id();
  e.db_user := session_user;
  e.hash := audit.event_hash(e);
  insert into audit.event select e.*;
  update audit.chain_head set hash = e.hash where chain = e.chain;
end $$;
