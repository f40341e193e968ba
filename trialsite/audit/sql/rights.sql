-- What keeps the trail itself, and who may do what with it. Run as trialsite_audit after sql/functions.
create or replace trigger event_append_only before update or delete on audit.event for each row execute function audit.refuse();
create or replace trigger event_no_truncate before truncate on audit.event for each statement execute function audit.refuse();
create or replace trigger person_no_truncate before truncate on audit.person for each statement execute function audit.refuse();
create or replace trigger membership_no_truncate before truncate on audit.membership for each statement execute function audit.refuse();
create or replace trigger key_append_only before update or delete on audit.digest_key for each row execute function audit.refuse();
create or replace trigger key_no_truncate before truncate on audit.digest_key for each statement execute function audit.refuse();
create or replace trigger head_no_truncate before truncate on audit.chain_head for each statement execute function audit.refuse();
-- ALWAYS: also in a session that plays a replica.
alter table audit.event enable always trigger event_append_only;
alter table audit.event enable always trigger event_no_truncate;
alter table audit.chain_head enable always trigger head_no_truncate;
alter table audit.person enable always trigger person_no_truncate;
alter table audit.membership enable always trigger membership_no_truncate;
alter table audit.digest_key enable always trigger key_append_only;
alter table audit.digest_key enable always trigger key_no_truncate;

revoke all on all tables in schema audit from public;
revoke execute on all functions in schema audit from public;
grant usage on schema audit to trialsite_owner, trialsite_app, trialsite_report;
grant select on audit.event, audit.chain_head to trialsite_owner, trialsite_app, trialsite_report;
grant execute on function audit.merge(jsonb) to trialsite_owner, trialsite_app, trialsite_report;

-- A trail from before it kept its people.
do $$
begin
  if not exists (select from audit.person) then
    perform audit.remember(t.name, e.row_pk) from (values ('accounts_user'), ('accounts_membership')) t (name)
      cross join lateral (select distinct row_pk from audit.event where table_name = t.name) e;
  end if;
end $$;

-- Functions of earlier versions that have another name now, or are gone.
drop function if exists audit.told_people(text), audit.told_memberships(text), audit.told(text, text),
  audit.seal_standing(text, jsonb[]), audit.changed(jsonb, jsonb);
