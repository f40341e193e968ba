-- A digest of a secret that tells whether it is another one and nothing else: HMAC's nested form of SHA-256 with two
-- independent keys of one block each (Bellare, Canetti, Krawczyk 1996, doi:10.1007/3-540-68697-5_1), over its place
-- and value. The keys are in this database alone: whoever has the trail has nothing to try guesses against, and equal
-- secrets in two places have different digests.
create or replace function audit.digest(in_table text, in_row text, in_column text, secret text) returns text
language sql stable security definer set search_path = pg_catalog, audit, pg_temp as $$
  select encode(sha256(k.outer_key || sha256(k.inner_key ||
    convert_to(jsonb_build_array(in_table, in_row, in_column, secret)::text, 'UTF8'))), 'hex')
  from audit.digest_key k
$$;
grant execute on function audit.digest(text, text, text, text) to trialsite_owner;
