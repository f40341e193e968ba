-- What is wrong with the chain of the closed schema, or with its tables: by chain, and by entry where there is one. It
-- names rows and columns, never a value. It runs as the tables' owner, who may read all of them and write no entry.
create or replace function closed.verify() returns table (chain text, n bigint, problem text) language sql stable
security definer set search_path = pg_catalog, pg_temp
set timezone = 'UTC' set extra_float_digits = 1 set bytea_output = 'hex' as $$
  with linked as (
    select e, lag((e).hash) over w as before_hash, lag((e).n) over w as before_n
    from closed.entry e window w as (partition by (e).chain order by (e).n)
  ), sealed as (
    select distinct on (e.table_name, e.row_key) e.table_name, e.row_key, e.chain, e.n, e.held
    from closed.entry e where e.op <> 'X' order by e.table_name, e.row_key, e.n desc
  ), held as (
    select h.table_name, audit.closed_key(h.table_name, h.form) as row_key, h.form from closed.held() h
  )
  select (e).chain, (e).n,
    case when (e).n <> coalesce(before_n, 0) + 1 then 'gap in the numbering'
         when (e).prev <> coalesce(before_hash, '\x00') then 'does not follow from the entry before it'
         else 'content does not match its hash' end
  from linked
  where (e).n <> coalesce(before_n, 0) + 1 or (e).prev <> coalesce(before_hash, '\x00') or (e).hash <> audit.closed_hash(e)
  union all
  select coalesce(h.chain, last.chain), coalesce(h.n, last.n), 'the end of the chain is missing'
  from closed.chain_head h
  full join (select e.chain, max(e.n) as n from closed.entry e group by e.chain) last on last.chain = h.chain
  where h.n is distinct from last.n
    or h.hash is distinct from (select e.hash from closed.entry e where e.chain = last.chain and e.n = last.n)
  union all
  select e.chain, e.n, case when e.op = 'X'
    then format('closed.%s, row %s: had been changed past the chain', e.table_name, e.row_key)
    else format('closed.%s, row %s: written by %s, not by the functions of the schema', e.table_name, e.row_key, e.db_user) end
  from closed.entry e
  where e.op = 'X' or e.op <> 'S' and e.db_user not in ('trialsite_app', 'trialsite_closed')
  union all
  select coalesce(s.chain, audit.closed_chain(h.table_name, h.form)), s.n,
    format('closed.%s, row %s: ', coalesce(s.table_name, h.table_name), coalesce(s.row_key, h.row_key))
    || case when h.form is null then 'in the chain, not in the table'
            when s.held is null then 'in the table, not in the chain'
            else 'not as the chain says: ' || (
              select string_agg(k, ', ' order by k) from jsonb_object_keys(s.held || h.form) k
              where s.held -> k is distinct from h.form -> k) end
  from sealed s full join held h using (table_name, row_key)
  where s.held is distinct from h.form
$$;
grant execute on function closed.verify() to trialsite_app, trialsite_report;
