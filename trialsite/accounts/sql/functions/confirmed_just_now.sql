-- The confirmation by password that a person gave in this session, which still lives, at most two minutes ago; null
-- when there is none. `session`: as its table keys it.
create or replace function confirmed_just_now(person bigint, session text) returns bigint
language sql stable set search_path = public, pg_temp as $$
  select a.id from accounts_access a
  join accounts_session s on s.session_key = a.session and s.user_id = a.user_id and s.expire_date > clock_timestamp()
  where a.user_id = person and a.kind = 'confirmed' and a.session = confirmed_just_now.session
    and a.at > clock_timestamp() - interval '2 minutes'
  order by a.id desc limit 1
$$;
grant execute on function confirmed_just_now(bigint, text) to trialsite_app;
