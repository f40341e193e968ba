-- The chain of the closed schema: what was drawn, handed out, looked at, frozen and decided, each row sealed as it was
-- written. Kept apart from the trail because blinded people read that. Entries are written by audit.seal_added and
-- audit.seal_changed alone, which run as trialsite_audit: neither the owner of the tables nor the unblinded worker can write, change or skip one.
-- Each holds a salt, so that a hash that is told (a checkpoint's) gives nothing away about what it is of.
-- Run as trialsite_audit before sql/functions; every statement may be run again.
create table if not exists closed.chain_head (
  chain text primary key,
  n bigint not null,
  hash bytea not null
);
create table if not exists closed.entry (
  chain text not null,
  n bigint not null,
  at timestamptz not null,
  table_name text not null,
  row_key text not null,
  -- I put in, U changed, S stood there when its table came under the chain, X found changed past the chain.
  op "char" not null,
  actor bigint,
  db_user text not null,
  held jsonb not null,
  salt uuid not null,
  prev bytea not null,
  hash bytea not null,
  primary key (chain, n)
);
create index if not exists entry_of_row on closed.entry (table_name, row_key, n);
-- How far each allocation list goes, and how far it was handed out.
create index if not exists entry_of_place on closed.entry
  (chain, coalesce(held ->> 'site_id', ''), ((held ->> 'participant_id') is not null), ((held ->> 'position')::int))
  where table_name = 'slot';
-- Tables that are under the chain: what stands in one is sealed once, when it comes under it.
create table if not exists closed.sealed_table (
  name text primary key,
  at timestamptz not null default clock_timestamp()
);
-- The owner verifies, and sees no more there than in the tables.
grant select on closed.chain_head, closed.entry, closed.sealed_table to trialsite_owner;
