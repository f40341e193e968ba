-- After each statement that puts rows into a table of the closed schema: seals them. It and seal_changed read nothing
-- but the rows they are handed and the chain itself: whatever belongs to the owner could be made to run the owner's
-- code with their rights. What they refuse, the owner could else do in a session of the web's.
create or replace function audit.seal_added() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' set extra_float_digits = 1 set bytea_output = 'hex' as $$
declare
  -- As text: a name is of another collation than the index of the chain.
  in_table constant text := tg_table_name;
  forms jsonb[];
begin
  perform audit.closed_admit(tg_table_schema, in_table, tg_relid);
  select array_agg(f order by (f ->> 'position')::int, audit.closed_key(in_table, f)) into forms
    from (select audit.closed_form(to_jsonb(a)) from added a) t(f);
  if exists (
    select from unnest(forms) f
    join closed.entry e on e.table_name = in_table and e.row_key = audit.closed_key(in_table, f)
  ) then
    raise exception 'seal: a row of % is sealed already', in_table using errcode = '42501';
  end if;
  if in_table = 'slot' and exists (
    select from unnest(forms) f group by f ->> 'study_id', f ->> 'site_id'
    having bool_or(f ->> 'participant_id' is not null) or min((f ->> 'position')::int) <= greatest(0,
      audit.closed_place(f ->> 'study_id', f ->> 'site_id', false),
      audit.closed_place(f ->> 'study_id', f ->> 'site_id', true))
  ) then
    raise exception 'seal: an allocation list grows at its end, by free places' using errcode = '42501';
  end if;
  perform audit.closed_append(in_table, 'I', forms);
  return null;
end $$;
grant execute on function audit.seal_added() to trialsite_owner;
