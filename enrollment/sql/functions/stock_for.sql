-- How many kits of each arm are on hand at the sites of which the caller may know it: those that are nobody's, and those that
-- are assigned and not given yet. Logged.
create or replace function closed.stock_for(session text, study bigint)
returns table (site text, arm text, free bigint, assigned bigint)
language plpgsql security definer set search_path = pg_catalog, closed, pg_temp as $$
declare person bigint := closed.viewer(session, 'allocation.view', study);
begin
  insert into closed.log (user_id, action, study_id) values (person, 'view stock by treatment', study);
  return query
    select s.code::text, h.arm, count(*) filter (where k.period_id is null), count(k.period_id)
    from public.enrollment_kit k
    join public.accounts_site s on s.id = k.site_id
    cross join lateral (select closed.arm_of(k.study_id, k.number)) h(arm)
    where k.study_id = study and k.state = 'on_hand' and public.may(person, 'allocation.view', study, k.site_id)
    group by s.code, h.arm order by s.code, h.arm;
end $$;
grant execute on function closed.stock_for(text, bigint) to trialsite_app;
