-- Whether a person might do an action of the policy table at a moment past: by a membership that held then, and that the
-- trail tells of from before. `may` asks the same of now.
create or replace function could(person bigint, action text, study bigint, site bigint, moment timestamptz)
returns boolean language sql stable set search_path = public, pg_temp as $$
  select exists (
    select from accounts_membership m
    where m.user_id = person and m.study_id = study and (m.site_id is null or m.site_id = site)
      and m.starts_at <= moment and (m.ends_at is null or m.ends_at > moment)
      and policy_allows(action, m.role, m.site_id is null)
      and exists (select from audit.event e where e.table_name = 'accounts_membership' and e.row_pk = m.id::text
        and e.op = 'I' and e.at <= moment))
$$;
grant execute on function could(bigint, text, bigint, bigint, timestamptz) to trialsite_app, trialsite_report;
