"""The attack battery: what each of the database's people tries. One name, one thing that must not work."""

# On the trail itself, by anybody who can log in, the owner of the trial's tables included.
TRAIL = {
    "update an entry": "update audit.event set actor_name = 'somebody else' where n = 1",
    "delete an entry": "delete from audit.event where n = 1",
    "truncate the trail": "truncate audit.event",
    "truncate the trail with what depends on it": "truncate audit.event cascade",
    "insert an entry": (
        "insert into audit.event select chain, n + 100000, at, txid, table_name, row_pk, op, actor, actor_name,"
        " actor_role, reason, request_id, ip, app_version, db_user, old, new, prev, hash from audit.event limit 1"
    ),
    "copy entries in": "copy audit.event from stdin",
    "merge into the trail": "merge into audit.event e using (values (1)) v(x) on e.n = v.x when matched then delete",
    "lock an entry": "select * from audit.event limit 1 for update",
    "lock the trail against everybody": "lock table audit.event in access exclusive mode",
    "rewind a chain": "update audit.chain_head set n = 0",
    "forget a chain": "delete from audit.chain_head",
    "start a chain": "insert into audit.chain_head values ('participant:999999', 5, '\\x00')",
    "alter the trail": "alter table audit.event add column extra int",
    "own the trail": "alter table audit.event owner to current_user",
    "own the trail's schema": "alter schema audit owner to current_user",
    "rename the trail": "alter table audit.event rename to other",
    "drop the trail": "drop table audit.event",
    "drop the trail's schema": "drop schema audit cascade",
    "disable the append-only trigger": "alter table audit.event disable trigger event_append_only",
    "disable all triggers of the trail": "alter table audit.event disable trigger all",
    "drop the append-only trigger": "drop trigger event_append_only on audit.event",
    "put a trigger on the trail": (
        "create trigger mine before insert on audit.event for each row execute function audit.refuse()"
    ),
    "put a rule on the trail": "create rule mine as on insert to audit.event do instead nothing",
    "put a policy on the trail": "alter table audit.event enable row level security",
    "inherit from the trail": "create table public.child () inherits (audit.event)",
    "index the trail": "create index mine on audit.event (actor)",
    "comment on the trail": "comment on table audit.event is 'nothing to see'",
    "grant oneself the trail": "grant delete on audit.event to current_user; delete from audit.event where n = 1",
    "call the trigger function": "select audit.log()",
    "append an entry": "select audit.append(e) from audit.event e limit 1",
    "replace the trigger function": (
        "create or replace function audit.log() returns trigger language plpgsql as 'begin return null; end'"
    ),
    "drop the trigger function": "drop function audit.log() cascade",
    "own the trigger function": "alter function audit.log() owner to current_user",
    "make the trigger function run as its caller": "alter function audit.log() security invoker",
    "lead the trigger function elsewhere": "alter function audit.log() set search_path = public",
    "put a function into the trail's schema": "create function audit.mine() returns int language sql as 'select 1'",
    "put a table into the trail's schema": "create table audit.mine (x int)",
    "become the trail's owner": "set role trialsite_audit",
    "log in as the trail's owner": "set session authorization trialsite_audit",
    "join the trail's owner": "grant trialsite_audit to current_user",
    "let the trail's owner log in": "alter role trialsite_audit login password 'x'",
}
# On the server, by anybody who can log in.
SERVER = {
    "play a replica": "set session_replication_role = replica",
    "become a superuser": "alter role current_user superuser",
    "become postgres": "set role postgres",
    "become everybody": "alter role current_user bypassrls",
    "make a role": "create role mine",
    "make a database": "create database mine",
    "make a schema": "create schema mine",
    "make an event trigger": (
        "create event trigger mine on ddl_command_start execute function pg_catalog.suppress_redundant_updates_trigger()"
    ),
    "make an extension": "create extension dblink",
    "make a language": "create language mine handler plpgsql_call_handler",
    "make a temporary table": "create temporary table enrollment_participant (id bigint)",
    "make a temporary function": "create function pg_temp.sha256(bytea) returns bytea language sql as 'select $1'",
    "make a function in the catalogue": (
        "create function pg_catalog.mine(bytea) returns bytea language sql as 'select $1'"
    ),
    "rewrite the catalogue": "update pg_trigger set tgenabled = 'D'",
    "read a file": "select pg_read_file('postgresql.conf')",
    "write a file": "copy (select 1) to '/tmp/mine'",
    "run a program": "copy public.accounts_study from program 'id'",
    "bring in a file": "select lo_import('/etc/passwd')",
    "make a large object": "select lo_create(0)",
    "fill a large object": "select lo_from_bytea(0, '\\x00')",
    "turn off durability": "alter system set fsync = off",
    "reload the settings": "select pg_reload_conf()",
    "give everybody an actor": "alter role current_user set trialsite.context = '{\"actor\": 1}'",
    "change the settings of the database": "alter database current_database_name set search_path = mine",
    "end a session of somebody else": (
        "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'postgres' and pid <> pg_backend_pid()"
    ),
}
# On the trial's tables, by those who do not own them.
TABLES = {
    "delete a participant": "delete from enrollment_participant",
    "delete a rating": "delete from assessments_assessment",
    "truncate the ratings": "truncate assessments_assessment",
    "truncate the participants with all that is theirs": "truncate enrollment_participant cascade",
    "alter a table": "alter table assessments_assessment add column extra int",
    "rename a table": "alter table assessments_assessment rename to other",
    "drop a table": "drop table assessments_assessment cascade",
    "own a table": "alter table assessments_assessment owner to current_user",
    "disable the audit trigger": "alter table assessments_assessment disable trigger audit_update",
    "disable all triggers": "alter table assessments_assessment disable trigger all",
    "drop the audit trigger": "drop trigger audit_update on assessments_assessment",
    "replace the audit trigger": (
        "create or replace trigger audit_insert after insert on assessments_assessment"
        " for each row execute function audit.refuse()"
    ),
    "put a trigger before it": (
        "create trigger a_mine before update on assessments_assessment for each row execute function audit.refuse()"
    ),
    "put a rule on a table": "create rule mine as on update to assessments_assessment do instead nothing",
    "drop a constraint": "alter table assessments_assessment drop constraint assessment_items_valid",
    "comment on a table": "comment on table assessments_assessment is 'x'",
    "grant oneself more": (
        "grant truncate on assessments_assessment to current_user; truncate assessments_assessment"
    ),
    "put a table beside": "create table public.mine (id bigint)",
    "put a function beside": "create function public.mine() returns int language sql as 'select 1'",
    "shadow a function": "create function public.lower(text) returns text language sql as 'select $1'",
    "replace a guard": (
        "create or replace function public.review_refuse_locked() returns trigger language plpgsql as"
        " 'begin return new; end'"
    ),
    "record as if migrating": "select audit.record('system', 't', '1', null, '{}', 'why')",
    "forge the history of the tables": "insert into django_migrations (app, name, applied) values ('x', 'y', now())",
    "rewind a sequence": "select setval('assessments_assessment_id_seq', 1)",
    "see the allocation as its owner": "set role trialsite_owner",
}
# On what is closed to the blinded, by the web and by reports.
CLOSED = {
    "read the list": "select * from closed.slot",
    "read the kits": "select * from closed.kit",
    "read the report": "select * from closed.report",
    "read who looked": "select * from closed.log",
    "read one column": "select arm from closed.kit limit 1",
    "count the list": "select count(*) from closed.slot",
    "change the list": "update closed.slot set sequence = 'AB'",
    "log a look": "insert into closed.log (action, study_id) values ('x', 1)",
    "become the unblinded worker": "set role trialsite_closed",
}
# By the unblinded worker and the owner of the tables: what is written there is written once.
ONCE = {
    "change a sequence": "update closed.slot set sequence = 'AB'",
    "take a place back": (
        "update closed.slot set participant_id = null, assigned_at = null where participant_id is not null"
    ),
    "change a kit": "update closed.kit set arm = 'A'",
    "delete a kit": "delete from closed.kit",
    "forget who looked": "delete from closed.log",
    "rewrite who looked": "update closed.log set user_id = 1",
    "truncate the list": "truncate closed.slot cascade",
}
# By the unblinded worker, who writes there through the functions of the schema alone.
DIRECTLY = {
    "put a place before the first": (
        "insert into closed.slot (study_id, site_id, position, block, sequence)"
        " select study_id, site_id, -1, 1, 'PN' from closed.slot limit 1"
    ),
    "put in a kit": "insert into closed.kit select study_id, 'X-1', slot_id, 9, 'NAL' from closed.kit limit 1",
    "hand out a place": (
        "update closed.slot set participant_id = 1, assigned_at = now() where id ="
        " (select max(id) from closed.slot where participant_id is null)"
    ),
    "rewrite the report": "update closed.report set report = '{}'",
    "put in a report": "insert into closed.report (study_id, report) values (1, '{}')",
    "put in a look": (
        "insert into closed.look (look_id, study_id, cut, cut_sha256, results, taken_at) values (1, 1, '', '', '{}', now())"
    ),
    "put in a decision": "insert into closed.decision select * from closed.decision limit 1",
    "put in serious events": (
        "insert into closed.safety_report (look_id, events, treated, probability, stops, source, entered_by, entered_name)"
        " values (1, 0, 14, 0, false, 'x', 1, 'x')"
    ),
    "put in a print": "insert into closed.print (look_id, decided, content, sha256) values (1, true, '', '')",
    "log a look": "insert into closed.log (action, study_id) values ('x', 1)",
    "give places to participants who are none of a synthetic study": (
        "select * from closed.assign_synthetic((select min(id) from accounts_site), array[-1], array[now()])"
    ),
}
# On the chain of the closed schema, by anybody who can log in, the owner of its tables included.
CHAIN = {
    "update an entry": "update closed.entry set held = '{}'",
    "delete an entry": "delete from closed.entry",
    "truncate the chain": "truncate closed.entry",
    "insert an entry": "insert into closed.entry select * from closed.entry limit 0",
    "rewind a chain": "update closed.chain_head set n = 0",
    "let a table be sealed again": "delete from closed.sealed_table",
    "own the chain": "alter table closed.entry owner to current_user",
    "alter the chain": "alter table closed.entry add column extra int",
    "drop the chain": "drop table closed.entry cascade",
    "rename the chain": "alter table closed.entry rename to other",
    "drop the schema": "drop schema closed cascade",
    "rename the schema": "alter schema closed rename to other",
    "put a trigger on the chain": (
        "create trigger mine before insert on closed.entry for each row execute function audit.refuse()"
    ),
    "append an entry": "select audit.closed_append('kit', 'U', array[jsonb_build_object('study_id', 1)])",
    "seal what stands once more": "select audit.seal_existing('kit', null)",
    "call the trigger function": "select audit.seal_added()",
    "replace the trigger function": (
        "create or replace function audit.seal_changed() returns trigger language plpgsql as 'begin return null; end'"
    ),
}
# By a reader.
READER = {
    "write a participant": "update enrollment_participant set age = 1",
    "write a rating": "update assessments_assessment set total = 1",
    "owe work": "insert into audit_outbox (kind, subject) values ('recompute', 1)",
    "read keys to sessions": "select * from accounts_session",
    "read hashes of passwords": "select password from accounts_user",
    "assign a place": "select * from closed.assign(1)",
}
# By who verifies: not even a hash of a secret.
VERIFIER = {
    "read sealed secrets": "select sealed from accounts_authenticator",
    "read hashes of recovery codes": "select token_sha256 from accounts_recoverycode",
    "read hashes of addresses of calendars": "select token_sha256 from enrollment_calendarfeed",
    "read a whole person": "select * from accounts_user",
}
