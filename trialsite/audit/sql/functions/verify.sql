-- Every entry whose number, link or hash does not follow from the one before it, and every one that is filed under
-- another study than the entries say.
create or replace function audit.verify() returns table (chain text, n bigint, problem text) language sql stable
security definer set search_path = pg_catalog, audit, pg_temp as $$
  with linked as (
    select e, lag((e).hash) over w as before_hash, lag((e).n) over w as before_n
    from audit.event e window w as (partition by (e).chain order by (e).n)
  )
  select (e).chain, (e).n,
    case when (e).n <> coalesce(before_n, 0) + 1 then 'gap in the numbering'
         when (e).prev <> coalesce(before_hash, '\x00') then 'does not follow from the entry before it'
         else 'content does not match its hash' end
  from linked
  where (e).n <> coalesce(before_n, 0) + 1 or (e).prev <> coalesce(before_hash, '\x00') or (e).hash <> audit.event_hash(e)
  union all
  select coalesce(h.chain, last.chain), coalesce(h.n, last.n), 'the end of the chain is missing'
  from audit.chain_head h
  full join (select e.chain, max(e.n) as n from audit.event e group by e.chain) last on last.chain = h.chain
  where h.n is distinct from last.n
    or h.hash is distinct from (select e.hash from audit.event e where e.chain = last.chain and e.n = last.n)
  union all
  select e.chain, e.n, 'stands under another study than its own'
  from audit.event e
  left join (
    select 'participant:' || v.row_pk, min(audit.study_of(v.table_name, v.new)) from audit.event v
    where v.table_name = 'enrollment_participant' group by 1
  ) person (chain, study) on person.chain = e.chain
  left join (
    select v.table_name, v.row_pk, min(audit.study_of(v.table_name, v.new)) from audit.event v
    where v.chain = 'system' group by 1, 2
  ) fact (table_name, row_pk, study) on e.chain = 'system' and fact.table_name = e.table_name and fact.row_pk = e.row_pk
  where e.study is distinct from coalesce(person.study, fact.study)
$$;
grant execute on function audit.verify() to trialsite_owner, trialsite_app, trialsite_report;
