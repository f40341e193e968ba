-- The person behind a live session, if the policy lets them do `action` now; with `site`, at that site. Else refused:
-- TS002 is what the pages know this refusal by (trialsite/lib/refusals.py).
create or replace function closed.viewer(session text, action text, study bigint, site bigint default null) returns bigint
language plpgsql stable security definer set search_path = pg_catalog, closed, pg_temp as $$
declare person bigint;
begin
  select s.user_id into person from public.accounts_session s
    where s.session_key = closed.digest(session) and s.expire_date > clock_timestamp()
      and public.may(s.user_id, action, study, site);
  if person is null then
    raise exception 'no live session of a role that may do this' using errcode = 'TS002';
  end if;
  return person;
end $$;
revoke execute on function closed.viewer(text, text, bigint, bigint) from public;
