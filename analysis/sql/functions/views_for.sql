-- Who looked at unblinded data, by person, action and day (UTC): first and last time, and how often.
create or replace function closed.views_for(session text, study bigint)
returns table (name text, action text, first_at timestamptz, last_at timestamptz, times bigint)
language plpgsql security definer set search_path = pg_catalog, closed, pg_temp as $$
begin
  perform closed.viewer(session, 'closed.view', study);
  return query
    select u.printed_name::text, l.action, min(l.at), max(l.at), count(*)
    from closed.log l left join public.accounts_user u on u.id = l.user_id
    where l.study_id = study and l.action <> 'assign'
    group by u.printed_name, l.action, (l.at at time zone 'UTC')::date
    order by max(l.at) desc limit 200;
end $$;
grant execute on function closed.views_for(text, bigint) to trialsite_app;
