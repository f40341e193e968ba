-- The printed report of a look: one before the decision, one that carries it; printed again, the first stays.
create or replace function closed.store_print(look bigint, decided boolean, content bytea) returns void
language sql security definer set search_path = pg_catalog, closed, pg_temp as $$
  insert into closed.print (look_id, decided, content, sha256)
  values (look, decided, content, encode(sha256(content), 'hex')) on conflict do nothing
$$;
grant execute on function closed.store_print(bigint, boolean, bytea) to trialsite_closed;
