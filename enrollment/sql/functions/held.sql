-- Every row of the tables that are under the chain, as it would be sealed now.
create or replace function closed.held() returns table (table_name text, form jsonb) language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
set timezone = 'UTC' set extra_float_digits = 1 set bytea_output = 'hex' as $$
declare name text;
begin
  for name in select s.name from closed.sealed_table s where to_regclass('closed.' || quote_ident(s.name)) is not null loop
    return query execute format('select %L::text, audit.closed_form(to_jsonb(t)) from closed.%I t', name, name);
  end loop;
end $$;
revoke execute on function closed.held() from public;
