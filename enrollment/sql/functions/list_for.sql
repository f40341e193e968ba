-- The allocation lists of the sites at which the caller may see them: every place, with its kits; none where they
-- are to come from the stock. For a reason, which is
-- logged with the view.
create or replace function closed.list_for(session text, study bigint, why text)
returns table (site text, "position" int, block int, sequence text, participant text, assigned_at timestamptz, kits jsonb)
language plpgsql security definer set search_path = pg_catalog, closed, pg_temp as $$
declare person bigint := closed.viewer(session, 'allocation.view', study);
begin
  if audit.visible(why) is null then
    raise exception 'the whole list is shown for a reason' using errcode = 'check_violation';
  end if;
  insert into closed.log (user_id, action, study_id) values (person, 'view allocation list: ' || why, study);
  return query
    select t.code::text, s.position, s.block, s.sequence, p.code::text, s.assigned_at,
      (select coalesce(jsonb_agg(
           jsonb_build_object('period', k.period, 'kit', k.kit_number, 'arm', k.arm) order by k.period), '[]')
         from closed.kits_of(s.id) k)
    from closed.slot s
    left join public.accounts_site t on t.id = s.site_id
    left join public.enrollment_participant p on p.id = s.participant_id
    where s.study_id = study and public.may(person, 'allocation.view', study, s.site_id)
    order by t.code, s.position;
end $$;
grant execute on function closed.list_for(text, bigint, text) to trialsite_app;
