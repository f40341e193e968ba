-- Writes one entry for each of `forms`, rows of `in_table` as they are sealed, in their order. A chain's head is locked
-- until commit: entries are gapless because a rolled-back one gives its number back. Nobody is granted this function.
create or replace function audit.closed_append(in_table text, in_op "char", forms jsonb[]) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
  e closed.entry;
  form jsonb;
begin
  e.table_name := in_table;
  e.op := in_op;
  e.actor := (nullif(current_setting('trialsite.context', true), '')::jsonb ->> 'actor')::bigint;
  e.db_user := session_user;
  for e.chain in select distinct audit.closed_chain(in_table, f) from unnest(forms) f order by 1 loop
    insert into closed.chain_head values (e.chain, 0, '\x00') on conflict do nothing;
    select h.n, h.hash into e.n, e.prev from closed.chain_head h where h.chain = e.chain for update;
    for form in
      select f from unnest(forms) with ordinality t(f, k) where audit.closed_chain(in_table, f) = e.chain order by k
    loop
      e.n := e.n + 1;
      e.at := clock_timestamp();
      e.row_key := audit.closed_key(in_table, form);
      e.held := form;
      e.salt := gen_random_uuid();
      e.hash := audit.closed_hash(e);
      insert into closed.entry select e.*;
      e.prev := e.hash;
    end loop;
    update closed.chain_head h set n = e.n, hash = e.prev where h.chain = e.chain;
  end loop;
end $$;
