-- Whether a reset of this person's password or second factor takes two people: whoever holds, held or will hold a role
-- that may sign, unblind, decide, take unblinded data away, or administer. Written by `manage.py print_policy` from
-- TAKES_TWO in trialsite/accounts/policy.py: change it there.
create or replace function takes_two(person bigint) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select exists (select from public.accounts_membership m where m.user_id = person and m.role = any (array['admin', 'investigator', 'safety', 'statistician']))
$$;
grant execute on function takes_two(bigint) to trialsite_app;
