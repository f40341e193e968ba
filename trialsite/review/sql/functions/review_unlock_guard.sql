-- Asked by whoever acts; decided once, by whoever acts then; ended once.
create or replace function review_unlock_guard() returns trigger language plpgsql
set search_path = public, pg_temp as $$
declare
  actor bigint := (current_setting('trialsite.context')::jsonb ->> 'actor')::bigint;
begin
  if tg_op = 'INSERT' then
    new.requested_by_id := actor;
    new.requested_at := clock_timestamp();
    new.approved := null;
    new.decided_by_id := null;
    new.in_force_until := null;
    return new;
  end if;
  if (new.lock_id, new.reason, new.requested_by_id, new.requested_at)
     is distinct from (old.lock_id, old.reason, old.requested_by_id, old.requested_at)
     or (old.approved is not null and (new.approved, new.decided_by_id, new.decided_at, new.in_force_until)
         is distinct from (old.approved, old.decided_by_id, old.decided_at, old.in_force_until))
     or (old.ended_at is not null and new.ended_at is distinct from old.ended_at) then
    raise exception 'review: an unlock request is decided once and not rewritten' using errcode = '42501';
  end if;
  if old.approved is null and new.approved is not null then
    new.decided_by_id := actor;
    new.decided_at := clock_timestamp();
    new.in_force_until := case when new.approved then clock_timestamp() + interval '24 hours' end;
  end if;
  return new;
end $$;
