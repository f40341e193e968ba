create or replace function audit.refuse() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
  raise exception '% on %.% is refused: append-only', tg_op, tg_table_schema, tg_table_name using errcode = '42501';
end $$;
grant execute on function audit.refuse() to trialsite_owner;
