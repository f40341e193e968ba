create or replace function closed.list_for(session text, study bigint)
returns table (site text, "position" int, block int, sequence text, participant text, assigned_at timestamptz, kits jsonb)
language plpgsql security definer set search_path = pg_catalog, closed, pg_temp as $$
begin
  insert into closed.log (user_id, action, study_id)
    values (closed.viewer(session, 'allocation.view', study), 'view allocation list', study);
  return query
    select t.code::text, s.position, s.block, s.sequence, p.code::text, s.assigned_at,
      (select jsonb_agg(jsonb_build_object('period', k.period, 'kit', k.kit_number, 'arm', k.arm) order by k.period)
         from closed.kit k where k.slot_id = s.id)
    from closed.slot s
    left join public.accounts_site t on t.id = s.site_id
    left join public.enrollment_participant p on p.id = s.participant_id
    where s.study_id = study order by t.code, s.position;
end $$;
grant execute on function closed.list_for(text, bigint) to trialsite_app;
