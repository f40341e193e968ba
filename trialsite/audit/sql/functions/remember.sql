-- Brings audit.person or audit.membership to what the trail says of one row. Nobody is granted this function.
create or replace function audit.remember(of_table text, of_row text) returns void language plpgsql
set search_path = pg_catalog, audit, pg_temp as $$
begin
  if of_table = 'accounts_user' then
    delete from audit.person where id = of_row::bigint and not exists (select from audit.recorded_people(of_row));
    insert into audit.person select * from audit.recorded_people(of_row)
      on conflict (id) do update set name = excluded.name, is_system = excluded.is_system;
  elsif of_table = 'accounts_membership' then
    delete from audit.membership where id = of_row::bigint and not exists (select from audit.recorded_memberships(of_row));
    insert into audit.membership select * from audit.recorded_memberships(of_row)
      on conflict (id) do update set person = excluded.person, study = excluded.study, role = excluded.role,
        starts_at = excluded.starts_at, ends_at = excluded.ends_at;
  end if;
end $$;
