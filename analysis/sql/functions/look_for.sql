-- A frozen look with its decision, for a live session of an unblinded statistician. The view is logged.
create or replace function closed.look_for(session text, study bigint, look int)
returns table (cut text, cut_sha256 text, results jsonb, taken_at timestamptz, recommendation text, decision text,
               reason text, signed_name text, signed_at timestamptz, print_sha256 text, print_decided boolean)
language plpgsql security definer set search_path = pg_catalog, closed, pg_temp as $$
begin
  insert into closed.log (user_id, action, study_id)
    values (closed.viewer(session, 'closed.view', study), 'view look ' || look, study);
  return query
    select l.cut, l.cut_sha256, l.results, l.taken_at, d.recommendation, d.decision, d.reason, d.signed_name,
           d.signed_at, p.sha256, p.decided
    from closed.look l
    join public.analysis_look a on a.id = l.look_id and a.number = look
    left join closed.decision d on d.look_id = l.look_id
    left join lateral (select t.sha256, t.decided from closed.print t where t.look_id = l.look_id
                       order by t.decided desc limit 1) p on true
    where l.study_id = study;
end $$;
grant execute on function closed.look_for(text, bigint, int) to trialsite_app;
