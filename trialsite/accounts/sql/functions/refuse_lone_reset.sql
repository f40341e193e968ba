-- Nobody changes the password or takes the second factor of another person but by a reset that was granted to them a
-- moment ago. A secret is sealed anew by the operator alone, and a second factor set up by its person alone.
create or replace function refuse_lone_reset() returns trigger language plpgsql
set search_path = public, pg_temp as $$
declare
  actor bigint := (current_setting('trialsite.context')::jsonb ->> 'actor')::bigint;
  of_user bigint;
  of_kind text;
begin
  if tg_table_name = 'accounts_user' then
    of_user := new.id;
    of_kind := 'password';
    if new.password is not distinct from old.password then return new; end if;
  else
    of_user := new.user_id;
    of_kind := 'second factor';
    if tg_op = 'UPDATE' and new.user_id <> old.user_id then
      raise exception 'a second factor is not another person''s' using errcode = '42501';
    end if;
    if tg_op = 'UPDATE' and new.sealed is distinct from old.sealed
       and exists (select from accounts_user u where u.id = actor and u.is_system) then return new; end if;
    if tg_op = 'UPDATE' and new.sealed = old.sealed and new.confirmed = old.confirmed then return new; end if;
  end if;
  if actor <> of_user and (tg_op = 'INSERT' or not exists (
      select from accounts_accessreset r
      where r.user_id = of_user and r.kind = of_kind and r.granted and r.used_at is null and r.decided_by_id = actor
        and r.decided_at > clock_timestamp() - interval '1 minute')) then
    raise exception 'another person''s % is changed by a granted reset only', of_kind using errcode = '42501';
  end if;
  return new;
end $$;
