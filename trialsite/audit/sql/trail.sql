-- The audit trail. Written by row triggers that run as trialsite_audit, whom nobody can be: the application
-- cannot write, change or skip an entry. One hash chain per participant and one for the system, so that two
-- participants' saves never wait for each other. Run as trialsite_audit before
-- sql/functions; every statement may be run again.
create table if not exists audit.chain_head (
  chain text primary key,
  n bigint not null,
  hash bytea not null
);
create table if not exists audit.event (
  chain text not null,
  n bigint not null,
  at timestamptz not null,
  txid xid8 not null,
  table_name text not null,
  row_pk text not null,
  op "char" not null,
  actor bigint not null,
  actor_name text not null,
  actor_role text,
  reason text,
  request_id uuid,
  ip inet,
  app_version text,
  db_user text not null,
  old jsonb,
  new jsonb,
  prev bytea not null,
  hash bytea not null,
  primary key (chain, n)
);
create index if not exists event_row on audit.event (table_name, row_pk);
create index if not exists event_at on audit.event (at);

-- The entries of a row, one laid over the other in their order, are the row.
create or replace aggregate audit.merge (jsonb) (sfunc = jsonb_concat, stype = jsonb, initcond = '{}');
