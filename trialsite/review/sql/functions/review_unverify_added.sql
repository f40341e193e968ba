-- What screening adds later is a change of the whole form.
create or replace function review_unverify_added() returns trigger language plpgsql
set search_path = public, pg_temp as $$
begin
  perform review_unverify(array_agg(n.participant_id), 'screening', array_agg(n.name::text)) from changed n;
  return null;
end $$;
