-- A migration brings a table of the closed schema under the chain, with the rows that stand in it: once for each table,
-- so that nobody seals afterwards what was written past the chain. Such entries say that they were found so (op S).
create or replace function audit.seal_existing(in_table text, forms jsonb[]) returns void language plpgsql
security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into closed.sealed_table (name) values (in_table) on conflict do nothing;
  if not found then
    raise exception 'seal: % is under the chain already', in_table using errcode = '42501';
  end if;
  perform audit.closed_append(in_table, 'S', forms);
end $$;
grant execute on function audit.seal_existing(text, jsonb[]) to trialsite_owner;
