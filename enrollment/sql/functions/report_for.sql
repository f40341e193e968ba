create or replace function closed.report_for(session text, study bigint) returns table (report jsonb, serial bigint, computed_at timestamptz)
language plpgsql security definer set search_path = pg_catalog, closed, pg_temp as $$
begin
  insert into closed.log (user_id, action, study_id)
    values (closed.viewer(session, 'closed.view', study), 'view report', study);
  return query select r.report, r.serial, r.computed_at from closed.report r where r.study_id = study;
end $$;
grant execute on function closed.report_for(text, bigint) to trialsite_app;
