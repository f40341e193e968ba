-- The end of a chain, locked until commit: entries are gapless because a rolled-back one gives its number back. A chain
-- that is not there yet begins. Nobody is granted this function.
create or replace function audit.head(of_chain text, of_study bigint, out n bigint, out hash bytea, out study bigint)
language plpgsql set search_path = pg_catalog, audit, pg_temp as $$
begin
  select h.n, h.hash, h.study into head.n, head.hash, head.study
    from audit.chain_head h where h.chain = of_chain for update;
  if not found then
    -- A participant's chain begins with the participant, who stays in one study.
    insert into audit.chain_head (chain, n, hash, study)
    values (of_chain, 0, '\x00', case when of_chain <> 'system' then of_study end) on conflict do nothing;
    select h.n, h.hash, h.study into head.n, head.hash, head.study
      from audit.chain_head h where h.chain = of_chain for update;
  end if;
end $$;
