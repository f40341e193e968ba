-- How many places each list has that the caller may see, and how many are handed out: nothing that tells a treatment, so
-- it is not logged. A list of the whole study has no site.
create or replace function closed.lists_for(session text, study bigint)
returns table (site text, places bigint, handed_out bigint)
language plpgsql stable security definer set search_path = pg_catalog, closed, pg_temp as $$
declare person bigint := closed.viewer(session, 'allocation.view', study);
begin
  return query
    select null::text, count(*), count(s.participant_id) from closed.slot s
    where s.study_id = study and s.site_id is null having count(*) > 0
    union all
    select t.code::text, count(s.id), count(s.participant_id)
    from public.accounts_site t left join closed.slot s on s.site_id = t.id
    where t.study_id = study and public.may(person, 'allocation.view', study, t.id)
      and not exists (select from closed.slot w where w.study_id = study and w.site_id is null)
    group by t.code order by 1 nulls first;
end $$;
grant execute on function closed.lists_for(text, bigint) to trialsite_app;
