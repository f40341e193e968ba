-- Whether a confirmation by password is this person's own, in a session, and from moments before a moment past.
create or replace function was_confirmed(confirmation bigint, person bigint, moment timestamptz) returns boolean
language sql stable set search_path = public, pg_temp as $$
  select exists (
    select from accounts_access a
    where a.id = confirmation and a.user_id = person and a.kind = 'confirmed' and a.session <> ''
      and a.at between moment - interval '2 minutes' and moment)
$$;
grant execute on function was_confirmed(bigint, bigint, timestamptz) to trialsite_app, trialsite_report;
