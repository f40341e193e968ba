-- The table of sessions keeps the SHA-256 of each key: what the caller gives is the key, from the cookie.
create function closed.digest(session text) returns text language sql immutable strict
set search_path = pg_catalog, pg_temp as $$ select encode(sha256(convert_to(session, 'UTF8')), 'hex') $$;

create or replace function closed.viewer(session text, study bigint, roles text[]) returns bigint
language plpgsql stable security definer set search_path = pg_catalog, closed, pg_temp as $$
declare person bigint;
begin
  select u.id into person
    from public.accounts_session s
    join public.accounts_user u on u.id = s.user_id and u.is_active
    join public.accounts_membership m on m.user_id = u.id and m.study_id = study
    where s.session_key = closed.digest(session) and s.expire_date > now() and m.role = any (roles)
      and m.starts_at <= now() and (m.ends_at is null or m.ends_at > now())
    limit 1;
  if person is null then
    raise exception 'no live session of an unblinded role' using errcode = '42501';
  end if;
  return person;
end $$;

create or replace function closed.unblind(session text, participant bigint, why text)
returns table (period int, kit_number text, arm text)
language plpgsql security definer set search_path = pg_catalog, closed, pg_temp as $$
declare
  target public.enrollment_participant;
  person bigint;
begin
  if coalesce(trim(why), '') = '' then
    raise exception 'unblinding needs a reason' using errcode = 'check_violation';
  end if;
  select * into target from public.enrollment_participant t where t.id = participant;
  select u.id into person
    from public.accounts_session s
    join public.accounts_user u on u.id = s.user_id and u.is_active
    join public.accounts_membership m on m.user_id = u.id and m.study_id = target.study_id
    where s.session_key = closed.digest(session) and s.expire_date > clock_timestamp()
      and m.role in ('investigator', 'safety') and (m.site_id is null or m.site_id = target.site_id)
      and m.starts_at <= clock_timestamp() and (m.ends_at is null or m.ends_at > clock_timestamp())
    limit 1;
  if person is null then
    raise exception 'no live session of a role that may unblind this participant' using errcode = '42501';
  end if;
  if target.unblinded_at is null then
    raise exception 'mark the participant as unblinded first' using errcode = 'check_violation';
  end if;
  insert into closed.log (user_id, action, study_id, subject)
    values (person, 'unblind: ' || why, target.study_id, participant);
  return query select k.period, k.kit_number, k.arm from closed.kit k
    join closed.slot s on s.id = k.slot_id where s.participant_id = participant order by k.period;
end $$;
revoke execute on function closed.digest(text), closed.viewer(text, bigint, text[]), closed.unblind(text, bigint, text)
  from public;
grant execute on function closed.unblind(text, bigint, text) to trialsite_app;
