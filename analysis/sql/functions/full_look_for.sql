-- A frozen look with its decision and the serious events reported last. look_for logs the view.
create or replace function closed.full_look_for(session text, study bigint, look int)
returns table (cut text, cut_sha256 text, results jsonb, taken_at timestamptz, recommendation text, decision text,
               reason text, signed_name text, signed_at timestamptz, print_sha256 text, print_decided boolean,
               events int, treated int, probability double precision, stops boolean, events_source text,
               events_by text, events_at timestamptz)
language plpgsql security definer set search_path = pg_catalog, closed, pg_temp as $$
begin
  return query
    select l.*, r.events, r.treated, r.probability, r.stops, r.source, r.entered_name, r.entered_at
    from closed.look_for(session, study, look) l
    left join lateral (
      select s.* from closed.safety_report s
      join public.analysis_look a on a.id = s.look_id and a.study_id = study and a.number = look
      order by s.id desc limit 1) r on true;
end $$;
grant execute on function closed.full_look_for(text, bigint, int) to trialsite_app;
