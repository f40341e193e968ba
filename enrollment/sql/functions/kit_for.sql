-- One kit of a list that the caller may see: whose it is and what is in it. Logged, whether there is such a kit or not.
create or replace function closed.kit_for(session text, study bigint, number text)
returns table (site text, kit text, period int, arm text, participant text, assigned_at timestamptz)
language plpgsql security definer set search_path = pg_catalog, closed, pg_temp as $$
declare person bigint := closed.viewer(session, 'allocation.view', study);
begin
  insert into closed.log (user_id, action, study_id) values (person, 'look up kit ' || left(number, 40), study);
  return query
    select t.code::text, k.kit_number, k.period, k.arm, p.code::text, s.assigned_at
    from closed.kit k
    join closed.slot s on s.id = k.slot_id
    left join public.accounts_site t on t.id = s.site_id
    left join public.enrollment_participant p on p.id = s.participant_id
    where k.study_id = study and k.kit_number = number and public.may(person, 'allocation.view', study, s.site_id);
end $$;
grant execute on function closed.kit_for(text, bigint, text) to trialsite_app;
