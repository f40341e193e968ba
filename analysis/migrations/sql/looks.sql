-- Looks of the monitoring board. What a look saw, what the board decided and why, and the printed report lie here;
-- the public table analysis_look says only that there was a look and what was decided: continue or stop.
create table closed.look (
  look_id bigint primary key references public.analysis_look,
  study_id bigint not null references public.accounts_study,
  cut text not null,
  cut_sha256 text not null,
  results jsonb not null,
  taken_at timestamptz not null,
  check (encode(sha256(convert_to(cut, 'UTF8')), 'hex') = cut_sha256)
);
create table closed.decision (
  look_id bigint primary key references closed.look,
  recommendation text not null check (recommendation in ('continue', 'efficacy', 'futility', 'safety')),
  decision text not null check (decision in ('continue', 'stop')),
  reason text not null check (trim(reason) <> ''),
  cut_sha256 text not null,
  signed_by bigint not null references public.accounts_user,
  signed_name text not null,
  signed_at timestamptz not null default clock_timestamp()
);
-- The printed report of a look: one before the decision, one that carries it.
create table closed.print (
  look_id bigint not null references closed.look,
  decided boolean not null,
  content bytea not null,
  sha256 text not null,
  made_at timestamptz not null default clock_timestamp(),
  primary key (look_id, decided),
  check (encode(sha256(content), 'hex') = sha256)
);
create trigger a_immutable before update or delete on closed.look for each row execute function audit.refuse();
create trigger a_immutable before update or delete on closed.decision for each row execute function audit.refuse();
create trigger a_immutable before update or delete on closed.print for each row execute function audit.refuse();
create trigger a_no_truncate before truncate on closed.look for each statement execute function audit.refuse();
create trigger a_no_truncate before truncate on closed.decision for each statement execute function audit.refuse();
create trigger a_no_truncate before truncate on closed.print for each statement execute function audit.refuse();
grant select, insert on closed.look, closed.print to trialsite_closed;
grant select on closed.decision to trialsite_closed;

-- A frozen look with its decision, for a live session of an unblinded statistician. The view is logged.
create function closed.look_for(session text, study bigint, look int)
returns table (cut text, cut_sha256 text, results jsonb, taken_at timestamptz, recommendation text, decision text,
               reason text, signed_name text, signed_at timestamptz, print_sha256 text, print_decided boolean)
language plpgsql security definer set search_path = pg_catalog, closed, pg_temp as $$
begin
  insert into closed.log (user_id, action, study_id)
    values (closed.viewer(session, study, array['statistician']), 'view look ' || look, study);
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

-- The printed report, the latest of the look. The download is logged.
create function closed.print_for(session text, study bigint, look int) returns table (content bytea, sha256 text)
language plpgsql security definer set search_path = pg_catalog, closed, pg_temp as $$
begin
  insert into closed.log (user_id, action, study_id)
    values (closed.viewer(session, study, array['statistician']), 'download report of look ' || look, study);
  return query
    select p.content, p.sha256 from closed.print p
    join closed.look l on l.look_id = p.look_id and l.study_id = study
    join public.analysis_look a on a.id = l.look_id and a.number = look
    order by p.decided desc limit 1;
end $$;

-- The board's decision, signed by the person behind the session, who is also the one the audit trail names.
create function closed.sign_look(session text, look bigint, recommended text, decided text, why text) returns void
language plpgsql security definer set search_path = pg_catalog, closed, pg_temp as $$
declare
  target closed.look;
  person bigint;
begin
  select * into target from closed.look l where l.look_id = look;
  if not found then raise exception 'the look has not been taken' using errcode = 'no_data_found'; end if;
  person := closed.viewer(session, target.study_id, array['statistician']);
  if person is distinct from (nullif(current_setting('trialsite.context', true), '')::jsonb ->> 'actor')::bigint then
    raise exception 'who signs is not who acts' using errcode = '42501';
  end if;
  insert into closed.decision (look_id, recommendation, decision, reason, cut_sha256, signed_by, signed_name)
    select look, recommended, decided, why, target.cut_sha256, u.id, u.printed_name
    from public.accounts_user u where u.id = person;
  insert into closed.log (user_id, action, study_id)
    values (person, 'sign decision', target.study_id);
end $$;

-- Who looked at unblinded data, by person, action and day (UTC): first and last time, and how often.
create function closed.views_for(session text, study bigint)
returns table (name text, action text, first_at timestamptz, last_at timestamptz, times bigint)
language plpgsql security definer set search_path = pg_catalog, closed, pg_temp as $$
begin
  perform closed.viewer(session, study, array['statistician']);
  return query
    select u.printed_name::text, l.action, min(l.at), max(l.at), count(*)
    from closed.log l left join public.accounts_user u on u.id = l.user_id
    where l.study_id = study and l.action <> 'assign'
    group by u.printed_name, l.action, (l.at at time zone 'UTC')::date
    order by max(l.at) desc limit 200;
end $$;

-- What blinded people read of a look must be what was frozen and signed: no other writer can say it.
create function closed.check_look() returns trigger language plpgsql security definer
set search_path = pg_catalog, closed, pg_temp as $$
begin
  if tg_op = 'UPDATE' and (old.decision <> '' and new.decision <> old.decision
                           or old.cut_sha256 <> '' and new.cut_sha256 <> old.cut_sha256) then
    raise exception 'a frozen or decided look does not change' using errcode = 'check_violation';
  end if;
  if new.cut_sha256 <> '' and not exists (
       select from closed.look l where l.look_id = new.id and l.cut_sha256 = new.cut_sha256) then
    raise exception 'no such frozen data' using errcode = 'check_violation';
  end if;
  if new.decision <> '' and not exists (
       select from closed.decision d where d.look_id = new.id and d.decision = new.decision) then
    raise exception 'no such signed decision' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger b_signed before insert or update on public.analysis_look
  for each row execute function closed.check_look();

revoke execute on function closed.look_for(text, bigint, int), closed.print_for(text, bigint, int),
  closed.sign_look(text, bigint, text, text, text), closed.views_for(text, bigint), closed.check_look() from public;
grant execute on function closed.look_for(text, bigint, int), closed.print_for(text, bigint, int),
  closed.sign_look(text, bigint, text, text, text), closed.views_for(text, bigint) to trialsite_app;
