-- The audit trail. Written by row triggers that run as trialsite_audit, whom nobody can be: the application
-- cannot write, change or skip an entry. One hash chain per participant and one for the system, so that two
-- participants' saves never wait for each other. Run as trialsite_audit before
-- sql/functions; every statement may be run again.
create table if not exists audit.chain_head (
  chain text primary key,
  n bigint not null,
  hash bytea not null,
  study bigint
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
  -- Where it is found again: follows from the entries themselves, so it stands outside the hash; audit.verify holds it
  -- against them. Null: of no study alone.
  study bigint,
  primary key (chain, n)
);

-- A trail from before entries were filed by study.
do $$
begin
  if exists (select from pg_attribute where attrelid = 'audit.event'::regclass and attname = 'study') then
    return;
  end if;
  alter table audit.chain_head add column study bigint;
  alter table audit.event add column study bigint;
  alter table audit.event disable trigger event_append_only;
  update audit.chain_head h set study = (
    select (e.new ->> 'study_id')::bigint from audit.event e
    where e.table_name = 'enrollment_participant' and e.row_pk = substr(h.chain, 13) and e.new ? 'study_id' limit 1)
  where h.chain like 'participant:%';
  update audit.event e set study = h.study from audit.chain_head h where h.chain = e.chain and h.study is not null;
  update audit.event e set study = f.study from (
    select table_name, row_pk, max(case table_name when 'accounts_study' then row_pk else new ->> 'study_id' end)::bigint
    from audit.event where chain = 'system' and (table_name = 'accounts_study' or new ? 'study_id') group by 1, 2
  ) f (table_name, row_pk, study)
  where e.chain = 'system' and e.table_name = f.table_name and e.row_pk = f.row_pk;
  alter table audit.event enable always trigger event_append_only;
end $$;
create index if not exists event_row on audit.event (table_name, row_pk);
-- The newest of a study's participants, of the study itself, and of a person's comings and goings, however much the
-- rest of the installation holds.
create index if not exists event_of_participants on audit.event (study, at) where chain <> 'system';
create index if not exists event_of_study on audit.event (study, at) where chain = 'system';
create index if not exists event_of_access on audit.event ((new ->> 'user_id'), at) where table_name = 'accounts_access';
drop index if exists audit.event_at;

-- Whom an entry may name, and in which role: as the trail itself has it, so that nobody's word is needed for it.
-- audit.remember keeps both from the entries; audit.verify_actors holds them against those.
create table if not exists audit.person (
  id bigint primary key,
  name text not null,
  is_system boolean not null
);
create table if not exists audit.membership (
  id bigint primary key,
  person bigint not null,
  study bigint not null,
  role text not null,
  starts_at timestamptz not null,
  ends_at timestamptz
);
create index if not exists membership_of_person on audit.membership (person);

-- The keys of the digests of secrets: audit.digest. Random, of this database alone; nobody is granted them.
create table if not exists audit.digest_key (
  one boolean primary key default true check (one),
  inner_key bytea not null check (length(inner_key) = 64),
  outer_key bytea not null check (length(outer_key) = 64)
);
-- gen_random_uuid draws 122 bits from the system's strong source; SHA-256 of three of them has all its 256.
insert into audit.digest_key (inner_key, outer_key)
select string_agg(k, '') filter (where i <= 2), string_agg(k, '') filter (where i > 2)
from (select i, sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) as k
      from generate_series(1, 4) i) keys
on conflict do nothing;

-- The entries of a row, one laid over the other in their order, are the row.
create or replace aggregate audit.merge (jsonb) (sfunc = jsonb_concat, stype = jsonb, initcond = '{}');
