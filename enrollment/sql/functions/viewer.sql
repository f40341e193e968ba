-- The person behind a live session, if they hold one of `roles` in the study now; else refused.
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
