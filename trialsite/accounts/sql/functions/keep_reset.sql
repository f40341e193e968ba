-- A reset is asked for by whoever acts and decided once, by whoever acts then: another administrator of the person, not
-- the one who asked. Alone decides the operator of the machine (the system user), and an administrator about somebody
-- of whom it takes no second. Nobody decides about themselves; who was reset says that they used it and know of it.
create or replace function keep_reset() returns trigger language plpgsql
set search_path = public, pg_temp as $$
declare
  actor bigint := (current_setting('trialsite.context')::jsonb ->> 'actor')::bigint;
  machine boolean := exists (select from accounts_user u where u.id = actor and u.is_system);
  decides boolean := new.granted is not null and (tg_op = 'INSERT' or old.granted is null);
begin
  if tg_op = 'INSERT' then
    new.requested_by_id := actor;
    new.requested_at := clock_timestamp();
    new.decided_by_id := null;
    new.decided_at := null;
    new.used_at := null;
    new.told_at := null;
  elsif (new.user_id, new.kind, new.reason, new.requested_by_id, new.requested_at)
        is distinct from (old.user_id, old.kind, old.reason, old.requested_by_id, old.requested_at)
     or (old.granted is not null and (new.granted, new.decided_by_id, new.decided_at, new.decision_reason)
         is distinct from (old.granted, old.decided_by_id, old.decided_at, old.decision_reason))
     or (old.used_at is not null and new.used_at is distinct from old.used_at)
     or (old.told_at is not null and new.told_at is distinct from old.told_at)
     or ((new.used_at, new.told_at) is distinct from (old.used_at, old.told_at) and actor <> new.user_id) then
    raise exception 'a reset is decided once and not rewritten' using errcode = '42501';
  end if;
  if tg_op = 'UPDATE' and not decides then
    new.used_at := coalesce(old.used_at, case when new.used_at is not null then clock_timestamp() end);
    new.told_at := coalesce(old.told_at, case when new.told_at is not null then clock_timestamp() end);
    return new;
  end if;
  if not machine and (actor = new.user_id or not exists (
      select from accounts_membership m
      where m.user_id = new.user_id and may(actor, 'people.manage', m.study_id, null))) then
    raise exception 'a reset is asked for and granted by administrators of the person' using errcode = '42501';
  end if;
  if decides then
    if not machine and actor = new.requested_by_id and takes_two(new.user_id) then
      raise exception 'a reset of this person''s access takes a second administrator' using errcode = '42501';
    end if;
    new.decided_by_id := actor;
    new.decided_at := clock_timestamp();
  end if;
  return new;
end $$;
