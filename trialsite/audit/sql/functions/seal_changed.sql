-- After each statement that changes rows of the closed schema. Two changes there are: a place is handed out, once, in
-- the order of its list and as it was sealed; and the live report is computed anew. A report that was changed past the
-- chain before is overwritten, not forgotten: how it was found is sealed, and closed.verify tells it ever after.
create or replace function audit.seal_changed() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' set extra_float_digits = 1 set bytea_output = 'hex' as $$
declare
  -- As text: a name is of another collation than the index of the chain.
  in_table constant text := tg_table_name;
  forms jsonb[];
  tampered jsonb[];
  allowed boolean;
begin
  perform audit.closed_admit(tg_table_schema, in_table, tg_relid);
  with earlier as (
    select f, audit.closed_key(in_table, f) as k from (select audit.closed_form(to_jsonb(b)) from before b) t(f)
  ), later as (
    select f, audit.closed_key(in_table, f) as k from (select audit.closed_form(to_jsonb(a)) from after a) t(f)
  ), pair as (
    select e.f as was, l.f as becomes, e.f = (
      select n.held from closed.entry n where n.table_name = in_table and n.row_key = k and n.op <> 'X'
      order by n.n desc limit 1) as as_sealed
    from earlier e full join later l using (k)
  )
  select array_agg(becomes order by (becomes ->> 'position')::int),
      array_agg(was) filter (where as_sealed is not true),
      bool_and(coalesce(case in_table
        when 'report' then (becomes ->> 'serial')::bigint = (was ->> 'serial')::bigint + 1
        when 'slot' then as_sealed and becomes ->> 'participant_id' is not null
          and becomes - 'participant_id' - 'assigned_at' = was - 'participant_id' - 'assigned_at'
          and coalesce((becomes ->> 'position')::int
            > audit.closed_place(becomes ->> 'study_id', becomes ->> 'site_id', true), true)
        end, false))
    into forms, tampered, allowed from pair;
  if not allowed then
    raise exception 'seal: a row of % does not change so', in_table using errcode = '42501';
  end if;
  perform audit.closed_append(in_table, 'X', tampered);
  perform audit.closed_append(in_table, 'U', forms);
  return null;
end $$;
grant execute on function audit.seal_changed() to trialsite_owner;
