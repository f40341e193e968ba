-- The audit trail. Written by row triggers that run as trialsite_audit, whom nobody can be: the application
-- cannot write, change or skip an entry. One hash chain per participant and one for the system, so that two
-- participants' saves never wait for each other. Run as trialsite_audit; every statement may be run again.
create table if not exists audit.chain_head (
  chain text primary key,
  n bigint not null,
  hash bytea not null
);
create table if not exists audit.event (
  chain text not null,
  n bigint not null,
  at timestamptz not null,
  txid xid8 not null,
  table_name text not null,
  row_pk text not null,
  op "char" not null,
  actor bigint not null,
  actor_name text not null,
  actor_role text,
  reason text,
  request_id uuid,
  ip inet,
  app_version text,
  db_user text not null,
  old jsonb,
  new jsonb,
  prev bytea not null,
  hash bytea not null,
  primary key (chain, n)
);
create index if not exists event_row on audit.event (table_name, row_pk);
create index if not exists event_at on audit.event (at);

-- What the hash is over, as text: an export hands it out, and whoever has it needs nothing else to check the chain.
create or replace function audit.event_content(e audit.event) returns text language sql immutable
set search_path = pg_catalog, audit, pg_temp as $$
  select jsonb_build_array(
    e.chain, e.n, extract(epoch from e.at)::text, e.txid::text, e.table_name, e.row_pk, e.op::text, e.actor, e.actor_name,
    e.actor_role, e.reason, e.request_id, host(e.ip), e.app_version, e.db_user, e.old, e.new)::text
$$;

create or replace function audit.event_hash(e audit.event) returns bytea language sql immutable
set search_path = pg_catalog, audit, pg_temp as $$
  select sha256(e.prev || convert_to(audit.event_content(e), 'UTF8'))
$$;

-- The columns whose values differ: what people see as "was, now". NULL when nothing differs.
create or replace function audit.changed(a jsonb, b jsonb) returns text[] language sql immutable
set search_path = pg_catalog, pg_temp as $$
  select array_agg(key) from jsonb_each(b) where value is distinct from a -> key
$$;

-- A change of these columns is told, their values are not: not even a hash of a password leaves its table.
create or replace function audit.secret() returns text[] language sql immutable
set search_path = pg_catalog, pg_temp as $$ select array['password', 'sealed', 'token_sha256'] $$;

-- Takes the next number of the chain, links and writes the entry. The head is locked until commit: entries are
-- gapless because a rolled-back one gives its number back. Nobody is granted this function.
create or replace function audit.append(e audit.event) returns void language plpgsql
set search_path = pg_catalog, audit, pg_temp as $$
begin
  update audit.chain_head set n = n + 1 where chain = e.chain returning n, hash into e.n, e.prev;
  if not found then
    insert into audit.chain_head values (e.chain, 0, '\x00') on conflict do nothing;
    update audit.chain_head set n = n + 1 where chain = e.chain returning n, hash into e.n, e.prev;
  end if;
  e.at := clock_timestamp();
  e.txid := pg_current_xact_id();
  e.db_user := session_user;
  e.hash := audit.event_hash(e);
  insert into audit.event select e.*;
  update audit.chain_head set hash = e.hash where chain = e.chain;
end $$;

-- Trigger arguments: the column that names the participant ('' or null: the system chain), then bookkeeping
-- columns whose change alone needs no reason.
create or replace function audit.log() returns trigger language plpgsql security definer
set search_path = pg_catalog, audit, pg_temp as $$
declare
  secret constant text[] := audit.secret();
  e audit.event;
  was jsonb;
  is_ jsonb;
  ctx jsonb := nullif(current_setting('trialsite.context', true), '')::jsonb;
  cols text[];
begin
  if ctx ->> 'actor' is null then
    raise exception 'audit: no actor is set; the write to % is refused', tg_table_name using errcode = '42501';
  end if;
  if tg_op = 'DELETE' then
    raise exception 'audit: rows of % are never deleted', tg_table_name using errcode = '42501';
  end if;
  -- A table of the same name elsewhere would write entries that look like this one's. And a type that is not
  -- PostgreSQL's own may bring a cast to JSON, which to_jsonb would run with the rights of the trail's owner.
  if tg_table_schema <> 'public' or exists (
    select from pg_attribute a where a.attrelid = tg_relid and a.attnum > 0 and a.atttypid >= 16384
  ) then
    raise exception 'audit: %.% cannot be audited', tg_table_schema, tg_table_name using errcode = '42501';
  end if;
  was := case when tg_op = 'UPDATE' then to_jsonb(old) end;
  is_ := to_jsonb(new);
  e.row_pk := is_ ->> 'id';
  e.chain := coalesce('participant:' || (is_ ->> nullif(tg_argv[0], '')), 'system');
  e.reason := nullif(ctx ->> 'reason', '');
  if tg_op = 'UPDATE' then
    cols := audit.changed(was, is_);
    if cols is null then return null; end if;
    -- What happened to a row stands in one chain, under one number.
    if 'id' = any (cols) or tg_argv[0] = any (cols) then
      raise exception 'audit: a row of % does not become another one', tg_table_name using errcode = '42501';
    end if;
    if e.reason is null and exists (
      select from unnest(cols) c where was -> c <> 'null' and not c = any (tg_argv[1:] || secret)
    ) then
      raise exception 'audit: a saved value of % is changed without a reason', tg_table_name using errcode = '42501';
    end if;
    was := (select jsonb_object_agg(c, was -> c) from unnest(cols) c);
    is_ := (select jsonb_object_agg(c, is_ -> c) from unnest(cols) c);
  end if;
  if is_ ?| secret then
    was := was || (select jsonb_object_agg(c, 'not shown') from unnest(secret) c where was ? c);
    is_ := is_ || (select jsonb_object_agg(c, 'not shown, changed') from unnest(secret) c where is_ ? c);
  end if;
  e.table_name := tg_table_name;
  e.op := left(tg_op, 1)::"char";
  e.actor := (ctx ->> 'actor')::bigint;
  e.actor_name := ctx ->> 'name';
  e.actor_role := ctx ->> 'role';
  e.request_id := (ctx ->> 'request')::uuid;
  e.ip := (ctx ->> 'ip')::inet;
  e.app_version := ctx ->> 'version';
  e.old := was;
  e.new := is_;
  perform audit.append(e);
  return null;
end $$;

-- What a migration made of a row, or of the guards themselves, without a trigger seeing it. Such entries always
-- say that they are a migration's (op M, actor 0), whoever calls this.
create or replace function audit.record(in_chain text, in_table text, in_row text, was jsonb, is_ jsonb, why text)
returns void language plpgsql security definer set search_path = pg_catalog, audit, pg_temp as $$
declare e audit.event;
begin
  e.chain := in_chain;
  e.table_name := in_table;
  e.row_pk := in_row;
  e.op := 'M';
  e.actor := 0;
  e.actor_name := 'migration';
  e.reason := why;
  e.old := was;
  e.new := is_;
  perform audit.append(e);
end $$;

-- The entries of a row, one laid over the other in their order, are the row.
create or replace aggregate audit.merge (jsonb) (sfunc = jsonb_concat, stype = jsonb, initcond = '{}');

create or replace function audit.refuse() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
  raise exception '% on %.% is refused: append-only', tg_op, tg_table_schema, tg_table_name using errcode = '42501';
end $$;

create or replace trigger event_append_only before update or delete on audit.event for each row execute function audit.refuse();
create or replace trigger event_no_truncate before truncate on audit.event for each statement execute function audit.refuse();
create or replace trigger head_no_truncate before truncate on audit.chain_head for each statement execute function audit.refuse();
-- ALWAYS: also in a session that plays a replica.
alter table audit.event enable always trigger event_append_only;
alter table audit.event enable always trigger event_no_truncate;
alter table audit.chain_head enable always trigger head_no_truncate;

-- Every entry whose number, link or hash does not follow from the one before it.
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
$$;

revoke all on all tables in schema audit from public;
revoke execute on all functions in schema audit from public;
grant usage on schema audit to trialsite_owner, trialsite_app, trialsite_report;
grant select on audit.event, audit.chain_head to trialsite_owner, trialsite_app, trialsite_report;
grant execute on function audit.log(), audit.refuse() to trialsite_owner;
grant execute on function audit.record(text, text, text, jsonb, jsonb, text) to trialsite_owner;
grant execute on function audit.verify(), audit.merge(jsonb), audit.secret(), audit.event_content(audit.event) to trialsite_owner, trialsite_app, trialsite_report;
