-- Writes an entry for each row that a statement put in or changed. Trigger arguments: the column that names the
-- participant ('' or null: the system chain), then bookkeeping columns whose change alone needs no reason.
--
-- An import puts in millions: what is the same for all rows of a statement is asked once, the end of a chain is read and
-- written once for all of its rows that come one after the other, and entries are put in many at a time. Memory does not
-- grow with the statement. A trigger for each row is one that refuses to delete, or of a database on its way through
-- `migrate`.
create or replace function audit.log() returns trigger language plpgsql security definer
set search_path = pg_catalog, audit, pg_temp as $$
declare
  secret constant text[] := audit.secret();
  ctx constant jsonb := nullif(current_setting('trialsite.context', true), '')::jsonb;
  of_people constant boolean := tg_table_name in ('accounts_user', 'accounts_membership');
  -- People are written one by one: who acts in the next entry may be one of them.
  at_once constant int := case when of_people then 1 else 200 end;
  later refcursor;
  earlier refcursor;
  is_ jsonb;
  was jsonb;
  told boolean := true;
  unexplained boolean;
  its_chain text;
  own bigint;
  head_study bigint;
  asked_of bigint[];
  e audit.event;
  entries audit.event[] := '{}';
begin
  -- A table of the same name elsewhere would write entries that look like this one's. And a type that is not
  -- PostgreSQL's own may bring a cast to JSON, which to_jsonb would run with the rights of the trail's owner; so would
  -- what stands where the rows of the statement should, under their name.
  if tg_table_schema <> 'public' or exists (
    select from pg_attribute a where a.attrelid = tg_relid and a.attnum > 0 and a.atttypid >= 16384
  ) or tg_level = 'STATEMENT' and not exists (
    select from pg_trigger t where t.tgrelid = tg_relid and t.tgname = tg_name and t.tgnewtable = 'later_rows'
      and (tg_op = 'INSERT' or t.tgoldtable = 'earlier_rows')
  ) then
    raise exception 'audit: %.% cannot be audited', tg_table_schema, tg_table_name using errcode = '42501';
  end if;
  if tg_level = 'STATEMENT' then
    open later for select to_jsonb(r) from later_rows r;
  else
    open later for select to_jsonb(new);
  end if;
  if tg_op = 'UPDATE' and tg_level = 'STATEMENT' then
    open earlier for select to_jsonb(r) from earlier_rows r;
  elsif tg_op = 'UPDATE' then
    open earlier for select to_jsonb(old);
  end if;
  loop
    fetch later into is_;
    exit when not found;
    if e.actor is null then
      if ctx ->> 'actor' is null then
        raise exception 'audit: no actor is set; the write to % is refused', tg_table_name using errcode = '42501';
      end if;
      if tg_op = 'DELETE' then
        raise exception 'audit: rows of % are never deleted', tg_table_name using errcode = '42501';
      end if;
      e.table_name := tg_table_name;
      e.op := left(tg_op, 1)::"char";
      e.actor := (ctx ->> 'actor')::bigint;
      e.reason := audit.visible(ctx ->> 'reason');
      e.request_id := (ctx ->> 'request')::uuid;
      e.ip := (ctx ->> 'ip')::inet;
      e.app_version := ctx ->> 'version';
      e.txid := pg_current_xact_id();
      e.db_user := session_user;
    end if;
    e.row_pk := is_ ->> 'id';
    its_chain := coalesce('participant:' || (is_ ->> nullif(tg_argv[0], '')), 'system');
    own := case when its_chain is distinct from e.chain or head_study is null then audit.study_of(tg_table_name, is_) end;
    if tg_op = 'UPDATE' then
      fetch earlier into was;
      -- What happened to a row stands in one chain, under one number, in one study. The two rows of a pair have one id
      -- for this reason, too: they come in the same order.
      if (is_ -> 'id', is_ -> tg_argv[0], is_ -> 'study_id')
         is distinct from (was -> 'id', was -> tg_argv[0], was -> 'study_id') then
        raise exception 'audit: a row of % does not become another one', tg_table_name using errcode = '42501';
      end if;
      -- The columns whose values differ: what people see as "was, now".
      select count(*) > 0, jsonb_object_agg(key, was -> key), jsonb_object_agg(key, value),
          bool_or(was -> key <> 'null' and not key = any (tg_argv[1:] || secret))
        into told, was, is_, unexplained
        from jsonb_each(is_) where value is distinct from was -> key;
      continue when not told;
      if e.reason is null and unexplained then
        raise exception 'audit: a saved value of % is changed without a reason', tg_table_name using errcode = '42501';
      end if;
    end if;
    if is_ ?| secret then
      was := audit.hide(tg_table_name, e.row_pk, was);
      is_ := audit.hide(tg_table_name, e.row_pk, is_);
    end if;
    if its_chain is distinct from e.chain then
      if e.chain is not null then
        update audit.chain_head set n = e.n, hash = e.hash where chain = e.chain;
      end if;
      e.chain := its_chain;
      select h.n, h.hash, h.study into e.n, e.hash, head_study from audit.head(its_chain, own) h;
    end if;
    e.study := coalesce(head_study, own);
    if asked_of is distinct from array[e.study] then
      select a.name, a.role into e.actor_name, e.actor_role from audit.actor(e.actor, ctx ->> 'role', e.study) a;
      asked_of := array[e.study];
    end if;
    e.n := e.n + 1;
    e.at := clock_timestamp();
    e.old := was;
    e.new := is_;
    e.prev := e.hash;
    -- As in audit.event_hash: a call for each row would cost more than what it does.
    e.hash := sha256(e.prev || convert_to(jsonb_build_array(
      e.chain, e.n, extract(epoch from e.at)::text, e.txid::text, e.table_name, e.row_pk, e.op::text, e.actor,
      e.actor_name, e.actor_role, e.reason, e.request_id, host(e.ip), e.app_version, e.db_user, e.old, e.new)::text, 'UTF8'));
    entries := entries || e;
    if cardinality(entries) = at_once then
      insert into audit.event select * from unnest(entries);
      entries := '{}';
      if of_people then
        perform audit.remember(e.table_name, e.row_pk);
        asked_of := null;
      end if;
    end if;
  end loop;
  if e.chain is not null then
    insert into audit.event select * from unnest(entries);
    update audit.chain_head set n = e.n, hash = e.hash where chain = e.chain;
  end if;
  close later;
  if tg_op = 'UPDATE' then
    close earlier;
  end if;
  return null;
end $$;
grant execute on function audit.log() to trialsite_owner;
