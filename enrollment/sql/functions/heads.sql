-- How far each chain of the closed schema has come: what a checkpoint keeps.
create or replace function closed.heads() returns table (chain text, n bigint, hash bytea) language sql stable
security definer set search_path = pg_catalog, pg_temp as $$
  select h.chain, h.n, h.hash from closed.chain_head h
$$;
grant execute on function closed.heads() to trialsite_app, trialsite_report;
