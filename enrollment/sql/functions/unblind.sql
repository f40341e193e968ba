-- Emergency unblinding: one participant, by the site's investigator or a safety physician with a live session, in which
-- they confirmed their password moments before, and who did not get another one just now.
-- Beside the kits assigned stand those that were given in their place by mistake; null: such a kit is not known.
-- The view is logged before anything is told, and the participant is marked in the caller's own transaction.
create or replace function closed.unblind(session text, participant bigint, why text)
returns table (period int, kit_number text, arm text)
language plpgsql security definer set search_path = pg_catalog, closed, pg_temp as $$
declare
  target public.enrollment_participant;
  person bigint;
begin
  if audit.visible(why) is null then
    raise exception 'unblinding needs a reason' using errcode = 'check_violation';
  end if;
  select * into target from public.enrollment_participant t where t.id = participant;
  person := closed.viewer(session, 'participant.unblind', target.study_id, target.site_id);
  perform public.fresh_confirmation(person, closed.digest(session), target.protocol_id);
  if target.unblinded_at is null then
    raise exception 'mark the participant as unblinded first' using errcode = 'check_violation';
  end if;
  insert into closed.log (user_id, action, study_id, subject)
    values (person, 'unblind: ' || why, target.study_id, participant);
  return query
    select g.n, g.kit, g.holds from (
      select k.period, k.kit_number, k.arm, false
      from closed.slot s, closed.kits_of(s.id) k where s.participant_id = participant
      union all
      select p.number::int, w.given::text, closed.arm_of(target.study_id, w.given), true
      from public.enrollment_wrongkit w join public.enrollment_period p on p.id = w.period_id
      where w.participant_id = participant and w.corrected_at is null
    ) g(n, kit, holds, by_mistake) order by g.n, g.by_mistake;
end $$;
grant execute on function closed.unblind(text, bigint, text) to trialsite_app;
