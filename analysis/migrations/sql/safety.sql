-- Serious events at a look: how many participants had one, as the safety physician reported it to the board. The
-- system records no such event itself. Entered before the decision, as often as needed; the latest entry counts,
-- all are kept, and what the rule said of it is kept with it.
create table closed.safety_report (
  id bigint generated always as identity primary key,
  look_id bigint not null references closed.look,
  events int not null check (events >= 0),
  treated int not null,
  probability double precision not null check (probability between 0 and 1),
  stops boolean not null,
  source text not null check (trim(source) <> ''),
  entered_by bigint not null references public.accounts_user,
  entered_name text not null,
  entered_at timestamptz not null default clock_timestamp(),
  check (events <= treated)
);
create index on closed.safety_report (look_id, id);
create trigger a_immutable before update or delete on closed.safety_report
  for each row execute function audit.refuse();
create trigger a_no_truncate before truncate on closed.safety_report
  for each statement execute function audit.refuse();
grant select on closed.safety_report to trialsite_closed;

-- Entered by the person behind the session, who is also the one the audit trail names. The number treated is the
-- frozen look's own.
create function closed.report_events(session text, look bigint, happened int, likely double precision,
                                     halts boolean, said_by text) returns void
language plpgsql security definer set search_path = pg_catalog, closed, pg_temp as $$
declare
  target closed.look;
  person bigint;
begin
  select * into target from closed.look l where l.look_id = look for share;
  if not found then raise exception 'the look has not been taken' using errcode = 'no_data_found'; end if;
  person := closed.viewer(session, target.study_id, array['statistician']);
  if person is distinct from (nullif(current_setting('trialsite.context', true), '')::jsonb ->> 'actor')::bigint then
    raise exception 'who enters is not who acts' using errcode = '42501';
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

-- A frozen look with its decision and the serious events reported last. look_for logs the view.
create function closed.full_look_for(session text, study bigint, look int)
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

revoke execute on function closed.report_events(text, bigint, int, double precision, boolean, text),
  closed.full_look_for(text, bigint, int) from public;
grant execute on function closed.report_events(text, bigint, int, double precision, boolean, text),
  closed.full_look_for(text, bigint, int) to trialsite_app;

-- Closed reports stored before hold less than the page shows now: the unblinded worker computes them anew.
insert into audit_outbox (kind, subject) select 'report', study_id from closed.report;
delete from closed.report;
