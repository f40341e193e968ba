-- Where the tables go, and what each role may do with those to come. Run by a role that may create schemas and grant
-- for the owner; every statement may be run again. A dump has all of this.
revoke all on schema public from public;
grant usage, create on schema public to trialsite_owner;
grant usage on schema public to trialsite_app, trialsite_report, trialsite_audit;

create schema if not exists audit;
alter schema audit owner to trialsite_audit;
create schema if not exists closed;
-- Not the owner's, who could drop the chain out of a schema of their own.
alter schema closed owner to trialsite_audit;
grant usage, create on schema closed to trialsite_owner;
grant usage on schema closed to trialsite_app, trialsite_closed, trialsite_report;

alter default privileges for role trialsite_owner in schema public grant select, insert, update on tables to trialsite_app;
alter default privileges for role trialsite_owner in schema public grant usage, select on sequences to trialsite_app;
alter default privileges for role trialsite_owner in schema public grant select on tables to trialsite_report;
alter default privileges for role trialsite_owner revoke execute on functions from public;

-- Large objects are no table: nobody's trigger sees them. A warning, no error, where this role may not revoke.
revoke execute on function lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea), lo_put(oid, bigint, bytea)
  from public;
