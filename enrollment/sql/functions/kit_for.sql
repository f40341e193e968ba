-- One kit that the caller may see: whose it is and what is in it. Logged, whether there is such a kit or not.
create or replace function closed.kit_for(session text, study bigint, number text)
returns table (site text, kit text, period int, arm text, participant text, assigned_at timestamptz)
language plpgsql security definer set search_path = pg_catalog, closed, pg_temp as $$
declare person bigint := closed.viewer(session, 'allocation.view', study);
begin
  insert into closed.log (user_id, action, study_id) values (person, 'look up kit ' || left(kit_for.number, 40), study);
  return query
    select t.code::text, n.kit_number, n.period, n.arm, p.code::text, s.assigned_at
    from (
      select k.kit_number, k.slot_id, k.period, k.arm, null::bigint as site_id
      from closed.kit k where k.study_id = study and k.kit_number = kit_for.number
      union all
      select h.kit_number, r.slot_id, r.period, h.arm, e.site_id
      from closed.stock h
      join public.enrollment_kit e on e.study_id = h.study_id and e.number = h.kit_number
      left join closed.replacement r on r.study_id = h.study_id and r.kit_number = h.kit_number
      where h.study_id = study and h.kit_number = kit_for.number
        and not exists (select from closed.kit k where k.study_id = study and k.kit_number = kit_for.number)
    ) n
    left join closed.slot s on s.id = n.slot_id
    left join public.accounts_site t on t.id = coalesce(s.site_id, n.site_id)
    left join public.enrollment_participant p on p.id = s.participant_id
    where public.may(person, 'allocation.view', study, coalesce(s.site_id, n.site_id));
end $$;
grant execute on function closed.kit_for(text, bigint, text) to trialsite_app;
