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
  e.study := audit.study_of(tg_table_name, is_);
  e.reason := audit.visible(ctx ->> 'reason');
  if tg_op = 'UPDATE' then
    cols := audit.changed(was, is_);
    if cols is null then return null; end if;
    -- What happened to a row stands in one chain, under one number, in one study.
    if 'id' = any (cols) or tg_argv[0] = any (cols) or 'study_id' = any (cols) then
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
    was := audit.hide(tg_table_name, e.row_pk, was);
    is_ := audit.hide(tg_table_name, e.row_pk, is_);
  end if;
  e.table_name := tg_table_name;
  e.op := left(tg_op, 1)::"char";
  e.actor := (ctx ->> 'actor')::bigint;
  e.actor_role := ctx ->> 'role';
  e.request_id := (ctx ->> 'request')::uuid;
  e.ip := (ctx ->> 'ip')::inet;
  e.app_version := ctx ->> 'version';
  e.old := was;
  e.new := is_;
  perform audit.append(e);
  return null;
end $$;
grant execute on function audit.log() to trialsite_owner;
