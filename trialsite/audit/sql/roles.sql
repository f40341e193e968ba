-- The database's five people. Run by a role that may create roles; every statement may be run again.
--   trialsite_owner   owns tables, runs migrations, never serves a page
--   trialsite_app     web and workers: select, insert, update; owns nothing, deletes nothing
--   trialsite_closed  the unblinded worker: what the app may do, and the closed schema
--   trialsite_report  reads
--   trialsite_audit   owns the audit trail; nobody can log in as it
do $$
declare r text;
begin
  foreach r in array array['trialsite_owner', 'trialsite_app', 'trialsite_closed', 'trialsite_report', 'trialsite_audit'] loop
    if not exists (select from pg_roles where rolname = r) then
      execute format('create role %I nologin nosuperuser nocreatedb nocreaterole noinherit', r);
    end if;
  end loop;
end $$;
alter role trialsite_closed inherit;
grant trialsite_app to trialsite_closed;

do $$
begin
  execute format('revoke all on database %I from public', current_database());
  execute format('grant connect on database %I to trialsite_owner, trialsite_app, trialsite_closed, trialsite_report', current_database());
end $$;

revoke all on schema public from public;
grant usage, create on schema public to trialsite_owner;
grant usage on schema public to trialsite_app, trialsite_report, trialsite_audit;

create schema if not exists audit;
alter schema audit owner to trialsite_audit;
create schema if not exists closed;
alter schema closed owner to trialsite_owner;
grant usage on schema closed to trialsite_app, trialsite_closed;

alter default privileges for role trialsite_owner in schema public grant select, insert, update on tables to trialsite_app;
alter default privileges for role trialsite_owner in schema public grant usage, select on sequences to trialsite_app;
alter default privileges for role trialsite_owner in schema public grant select on tables to trialsite_report;
alter default privileges for role trialsite_owner revoke execute on functions from public;

-- Large objects are no table: nobody's trigger sees them. A warning, no error, where this role may not revoke.
revoke execute on function lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea), lo_put(oid, bigint, bytea)
  from public;
