-- Whether a person may do an action of the policy table now: in the study as a whole, or with `site` at that site.
-- The same question as trialsite.accounts.policy.may.
create or replace function may(person bigint, action text, study bigint, site bigint) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select exists (
    select from public.accounts_membership m join public.accounts_user u on u.id = m.user_id and u.is_active
    where m.user_id = person and m.study_id = study and (may.site is null or m.site_id is null or m.site_id = may.site)
      and m.starts_at <= clock_timestamp() and (m.ends_at is null or m.ends_at > clock_timestamp())
      and public.policy_allows(action, m.role, m.site_id is null))
$$;
grant execute on function may(bigint, text, bigint, bigint) to trialsite_app;
