-- What screening adds later is a change of the whole form.
create or replace function review_unverify_added() returns trigger language plpgsql
set search_path = public, pg_temp as $$
begin
  if tg_table_name = 'enrollment_fact' then
    perform review_unverify(array_agg(n.participant_id), 'screening', array_agg(n.name::text)) from changed n;
  else
    perform review_unverify(array_agg(n.participant_id), 'screening', array_agg('treatments'::text))
      from changed n;
  end if;
  return null;
end $$;
