-- Entered by the person behind the session, who is also the one the audit trail names. The number treated is the
-- frozen look's own.
create or replace function closed.report_events(session text, look bigint, happened int, likely double precision,
                                     halts boolean, said_by text) returns void
language plpgsql security definer set search_path = pg_catalog, closed, pg_temp as $$
declare
  target closed.look;
  person bigint;
begin
  select * into target from closed.look l where l.look_id = look for share;
  if not found then raise exception 'the look has not been taken' using errcode = 'no_data_found'; end if;
  person := closed.viewer(session, 'look.decide', target.study_id);
  if person is distinct from (nullif(current_setting('trialsite.context', true), '')::jsonb ->> 'actor')::bigint then
    raise exception 'who enters is not who acts' using errcode = '42501';
  end if;
  if audit.visible(said_by) is null then
    raise exception 'events are entered with where the number comes from' using errcode = 'check_violation';
  end if;
  if exists (select from closed.decision d where d.look_id = look) then
    raise exception 'a decided look does not change' using errcode = 'check_violation';
  end if;
  insert into closed.safety_report (look_id, events, treated, probability, stops, source, entered_by, entered_name)
    select look, happened, (target.results #>> '{safety,treated}')::int, likely, halts, said_by, u.id, u.printed_name
    from public.accounts_user u where u.id = person;
  insert into closed.log (user_id, action, study_id)
    values (person, 'enter serious events', target.study_id);
end $$;
grant execute on function closed.report_events(text, bigint, int, double precision, boolean, text) to trialsite_app;
