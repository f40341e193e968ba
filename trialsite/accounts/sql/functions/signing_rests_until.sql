-- Until when a person signs nothing: so many hours after another password or second factor took the place of one that
-- was reset. Null when there was no reset.
create or replace function signing_rests_until(person bigint, hours integer) returns timestamptz
language sql stable set search_path = public, pg_temp as $$
  select max(coalesce(r.used_at, r.decided_at)) + make_interval(hours => hours)
  from accounts_accessreset r where r.user_id = person and r.granted
$$;
grant execute on function signing_rests_until(bigint, integer) to trialsite_app;
