-- Refuses what is no table under the chain: one of the same name elsewhere, or one with a type that is not PostgreSQL's
-- own and may bring a cast to JSON, which to_jsonb would run with the rights of the chain's owner.
create or replace function audit.closed_admit(in_schema name, in_table text, relation oid) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
  if in_schema <> 'closed' or not exists (select from closed.sealed_table s where s.name = in_table)
    or exists (select from pg_attribute a where a.attrelid = relation and a.attnum > 0 and a.atttypid >= 16384)
  then
    raise exception 'seal: %.% cannot be sealed', in_schema, in_table using errcode = '42501';
  end if;
end $$;
