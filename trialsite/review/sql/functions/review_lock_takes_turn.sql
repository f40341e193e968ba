create or replace function review_lock_takes_turn() returns trigger language plpgsql
set search_path = public, pg_temp as $$
begin
  if new.participant_id is null then
    perform pg_advisory_xact_lock(71001, new.study_id::int);
  else
    perform review_take_turns(array[new.participant_id]);
  end if;
  new.locked_by_id := (current_setting('trialsite.context')::jsonb ->> 'actor')::bigint;
  new.locked_at := clock_timestamp();
  return new;
end $$;
