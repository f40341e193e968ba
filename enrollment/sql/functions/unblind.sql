-- Emergency unblinding: one participant, by the site's investigator or a safety physician with a live session.
-- The view is logged before anything is told, and the participant is marked in the caller's own transaction.
create or replace function closed.unblind(session text, participant bigint, why text)
returns table (period int, kit_number text, arm text)
language plpgsql security definer set search_path = pg_catalog, closed, pg_temp as $$
declare
  target public.enrollment_participant;
  person bigint;
begin
  if coalesce(trim(why), '') = '' then
    raise exception 'unblinding needs a reason' using errcode = 'check_violation';
  end if;
  select * into target from public.enrollment_participant t where t.id = participant;
  person := closed.viewer(session, 'participant.unblind', target.study_id, target.site_id);
  if target.unblinded_at is null then
    raise exception 'mark the participant as unblinded first' using errcode = 'check_violation';
  end if;
  insert into closed.log (user_id, action, study_id, subject)
    values (person, 'unblind: ' || why, target.study_id, participant);
  return query select k.period, k.kit_number, k.arm from closed.kit k
    join closed.slot s on s.id = k.slot_id where s.participant_id = participant order by k.period;
end $$;
grant execute on function closed.unblind(text, bigint, text) to trialsite_app;
