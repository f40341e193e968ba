-- Nobody both administers a study and works with its data; and administrators are made at the machine alone (by the
-- system user): one who could make another would be two.
create or replace function refuse_forbidden_roles() returns trigger language plpgsql
set search_path = public, pg_temp as $$
begin
  if policy_allows('people.manage', new.role, true)
     and (tg_op = 'INSERT' or (new.role, new.user_id) is distinct from (old.role, old.user_id) or old.ends_at is distinct from new.ends_at)
     and (new.ends_at is null or new.ends_at > clock_timestamp()) and not exists (
       select from accounts_user u
       where u.is_system and u.id = (nullif(current_setting('trialsite.context', true), '')::jsonb ->> 'actor')::bigint)
  then
    raise exception 'an administrator is made at the machine' using errcode = '42501';
  end if;
  -- One grant at a time for a person: two at once would not see each other.
  perform pg_advisory_xact_lock(hashtext('accounts.membership'), new.user_id::int);
  if exists (
    select from accounts_membership m
    where m.user_id = new.user_id and m.study_id = new.study_id and m.id is distinct from new.id
      and (m.ends_at is null or m.ends_at > clock_timestamp()) and (new.ends_at is null or new.ends_at > clock_timestamp())
      and (m.role = 'admin') <> (new.role = 'admin')
  ) then
    raise exception 'nobody both administers a study and works with its data' using errcode = 'check_violation';
  end if;
  return new;
end $$;
