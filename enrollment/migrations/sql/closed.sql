-- Who got what. The web role cannot read these tables: it may only call the functions below, which say
-- nothing of a treatment (assign), or check the caller's live session and role and log the view (the others).
create table closed.slot (
  id bigint generated always as identity primary key,
  study_id bigint not null references public.accounts_study,
  site_id bigint references public.accounts_site,
  position int not null,
  block int not null,
  sequence text not null,
  participant_id bigint unique references public.enrollment_participant,
  assigned_at timestamptz,
  unique nulls not distinct (study_id, site_id, position),
  check ((participant_id is null) = (assigned_at is null))
);
create table closed.kit (
  study_id bigint not null references public.accounts_study,
  kit_number text not null,
  slot_id bigint not null references closed.slot,
  period int not null,
  arm text not null,
  primary key (study_id, kit_number),
  unique (slot_id, period)
);
create table closed.report (
  study_id bigint primary key references public.accounts_study,
  report jsonb not null,
  serial bigint not null default 1,
  computed_at timestamptz not null default clock_timestamp()
);
create table closed.log (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  user_id bigint,
  action text not null,
  study_id bigint not null,
  subject bigint
);

grant usage on schema closed to trialsite_app;
grant select, insert, update on closed.slot, closed.kit, closed.report to trialsite_closed;
grant select, insert on closed.log to trialsite_closed;

-- Gives a participant the next slot of the list and returns kit numbers, one a period; asked again, the same ones.
create function closed.assign(participant bigint) returns table (period int, kit_number text)
language plpgsql security definer set search_path = pg_catalog, closed, pg_temp as $$
declare
  person public.enrollment_participant;
  free closed.slot;
begin
  select * into person from public.enrollment_participant p where p.id = participant;
  if not found then raise exception 'no such participant' using errcode = 'no_data_found'; end if;
  -- One at a time in a study: two at once would both see the same next slot.
  perform pg_advisory_xact_lock(hashtext('closed.slot'), person.study_id::int);
  select * into free from closed.slot s where s.participant_id = participant;
  if not found then
    if person.status <> 'eligible' then
      raise exception 'the participant is not eligible' using errcode = 'check_violation';
    end if;
    select * into free from closed.slot s
      where s.study_id = person.study_id and s.participant_id is null
        and (s.site_id = person.site_id or s.site_id is null)
      order by s.position limit 1;
    if not found then raise exception 'the allocation list is used up' using errcode = 'no_data_found'; end if;
    update closed.slot s set participant_id = participant, assigned_at = clock_timestamp() where s.id = free.id;
    insert into closed.log (user_id, action, study_id, subject)
      values ((nullif(current_setting('trialsite.context', true), '')::jsonb ->> 'actor')::bigint,
              'assign', person.study_id, participant);
  end if;
  return query select k.period, k.kit_number from closed.kit k where k.slot_id = free.id order by k.period;
end $$;

-- The person behind a live session, if they hold one of `roles` in the study now; else refused.
create function closed.viewer(session text, study bigint, roles text[]) returns bigint
language plpgsql stable security definer set search_path = pg_catalog, closed, pg_temp as $$
declare person bigint;
begin
  select u.id into person
    from public.accounts_session s
    join public.accounts_user u on u.id = s.user_id and u.is_active
    join public.accounts_membership m on m.user_id = u.id and m.study_id = study
    where s.session_key = session and s.expire_date > now() and m.role = any (roles)
      and m.starts_at <= now() and (m.ends_at is null or m.ends_at > now())
    limit 1;
  if person is null then
    raise exception 'no live session of an unblinded role' using errcode = '42501';
  end if;
  return person;
end $$;

create function closed.report_for(session text, study bigint) returns table (report jsonb, serial bigint, computed_at timestamptz)
language plpgsql security definer set search_path = pg_catalog, closed, pg_temp as $$
begin
  insert into closed.log (user_id, action, study_id)
    values (closed.viewer(session, study, array['statistician']), 'view report', study);
  return query select r.report, r.serial, r.computed_at from closed.report r where r.study_id = study;
end $$;

create function closed.list_for(session text, study bigint)
returns table (site text, "position" int, block int, sequence text, participant text, assigned_at timestamptz, kits jsonb)
language plpgsql security definer set search_path = pg_catalog, closed, pg_temp as $$
begin
  insert into closed.log (user_id, action, study_id)
    values (closed.viewer(session, study, array['pharmacist', 'statistician']), 'view allocation list', study);
  return query
    select t.code::text, s.position, s.block, s.sequence, p.code::text, s.assigned_at,
      (select jsonb_agg(jsonb_build_object('period', k.period, 'kit', k.kit_number, 'arm', k.arm) order by k.period)
         from closed.kit k where k.slot_id = s.id)
    from closed.slot s
    left join public.accounts_site t on t.id = s.site_id
    left join public.enrollment_participant p on p.id = s.participant_id
    where s.study_id = study order by t.code, s.position;
end $$;

revoke execute on all functions in schema closed from public;
grant execute on function closed.assign(bigint), closed.report_for(text, bigint), closed.list_for(text, bigint)
  to trialsite_app;
