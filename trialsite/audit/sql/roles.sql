-- The database's people, who belong to the whole cluster and are in no dump. Run by a role that may create roles;
-- every statement may be run again. Their settings: trialsite/lib/roles.py.
--   trialsite_owner   owns tables, runs migrations, never serves a page
--   trialsite_app     web and workers: select, insert, update; owns nothing, deletes no trial data
--   trialsite_closed  the unblinded worker: what the app may do, and the closed schema
--   trialsite_report  reads
--   trialsite_verify  reads what is verified: all that is audited, but for the secrets themselves
--   trialsite_audit   owns the audit trail; nobody can log in as it
do $$
declare r text;
begin
  foreach r in array array['trialsite_owner', 'trialsite_app', 'trialsite_closed', 'trialsite_report', 'trialsite_verify',
                           'trialsite_audit'] loop
    if not exists (select from pg_roles where rolname = r) then
      execute format('create role %I nologin nosuperuser nocreatedb nocreaterole noinherit', r);
    end if;
  end loop;
end $$;
alter role trialsite_closed inherit;
grant trialsite_app to trialsite_closed;
alter role trialsite_verify inherit;
grant trialsite_report to trialsite_verify;

do $$
begin
  execute format('revoke all on database %I from public', current_database());
  execute format('grant connect on database %I to trialsite_owner, trialsite_app, trialsite_closed, trialsite_report,'
                 ' trialsite_verify', current_database());
end $$;
