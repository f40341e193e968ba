-- The hash of one entry, to be held against a checkpoint; null when there is no such entry.
create or replace function closed.entry_hash(chain text, n bigint) returns bytea language sql stable
security definer set search_path = pg_catalog, pg_temp as $$
  select e.hash from closed.entry e where e.chain = entry_hash.chain and e.n = entry_hash.n
$$;
grant execute on function closed.entry_hash(text, bigint) to trialsite_app, trialsite_report;
