-- Takes the next number of the chain, links and writes the entry. The head is locked until commit: entries are
-- gapless because a rolled-back one gives its number back. It is written once an entry: what an import leaves of it in
-- its one transaction is all walked through by the entries after. Nobody is granted this function.
create or replace function audit.append(e audit.event) returns void language plpgsql
set search_path = pg_catalog, audit, pg_temp as $$
declare own bigint := e.study;
begin
  select n + 1, hash, study into e.n, e.prev, e.study from audit.chain_head where chain = e.chain for update;
  if not found then
    -- A participant's chain begins with the participant, who stays in one study.
    insert into audit.chain_head (chain, n, hash, study)
    values (e.chain, 0, '\x00', case when e.chain <> 'system' then own end) on conflict do nothing;
    select n + 1, hash, study into e.n, e.prev, e.study from audit.chain_head where chain = e.chain for update;
  end if;
  e.study := coalesce(e.study, own);
  if e.op <> 'M' then
    select a.name, a.role into e.actor_name, e.actor_role from audit.actor(e.actor, e.actor_role, e.study) a;
  end if;
  e.at := clock_timestamp();
  e.txid := pg_current_xact_id();
  e.db_user := session_user;
  e.hash := audit.event_hash(e);
  insert into audit.event select e.*;
  update audit.chain_head set n = e.n, hash = e.hash where chain = e.chain;
  if e.table_name in ('accounts_user', 'accounts_membership') then
    perform audit.remember(e.table_name, e.row_pk);
  end if;
end $$;
