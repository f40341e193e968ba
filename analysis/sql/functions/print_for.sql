-- The printed report, the latest of the look. The download is logged.
create or replace function closed.print_for(session text, study bigint, look int) returns table (content bytea, sha256 text)
language plpgsql security definer set search_path = pg_catalog, closed, pg_temp as $$
begin
  insert into closed.log (user_id, action, study_id)
    values (closed.viewer(session, 'closed.view', study), 'download report of look ' || look, study);
  return query
    select p.content, p.sha256 from closed.print p
    join closed.look l on l.look_id = p.look_id and l.study_id = study
    join public.analysis_look a on a.id = l.look_id and a.number = look
    order by p.decided desc limit 1;
end $$;
grant execute on function closed.print_for(text, bigint, int) to trialsite_app;
