-- What is written once besides the trail: who got what, and who looked. Run by a migration.
create or replace function closed.slot_once() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op = 'DELETE' or old.participant_id is not null
     or to_jsonb(new) - 'participant_id' - 'assigned_at' <> to_jsonb(old) - 'participant_id' - 'assigned_at' then
    raise exception 'a place on the allocation list is given once' using errcode = '42501';
  end if;
  return new;
end $$;
