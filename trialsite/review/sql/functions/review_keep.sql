-- Called after a change of these places (a participant, and a visit or null): refuses it where a lock holds that
-- no approved request keeps open, else voids the signatures that vouched for what was changed.
create or replace function review_keep(participants bigint[], visits bigint[]) returns void language plpgsql
set search_path = public, pg_temp as $$
begin
  perform review_take_turns(participants);
  if exists (
    select from unnest(participants, visits) c (participant, visit)
    join enrollment_participant p on p.id = c.participant
    join review_lock l on l.study_id = p.study_id
      and (l.participant_id is null or l.participant_id = p.id) and (l.visit_id is null or l.visit_id = c.visit)
    where not exists (
      select from review_unlockrequest r
      where r.lock_id = l.id and r.approved and r.ended_at is null and r.in_force_until > clock_timestamp()))
  then
    raise exception 'review: this record is locked; the change is refused' using errcode = 'TS001';
  end if;
  update review_signature s set voided_at = clock_timestamp()
    from unnest(participants, visits) c (participant, visit)
    where s.participant_id = c.participant and s.voided_at is null and (s.visit_id is null or s.visit_id = c.visit);
end $$;
grant execute on function review_keep(bigint[], bigint[]) to trialsite_app, trialsite_report;
