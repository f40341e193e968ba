-- A row of a table, or each of them, as its entries add up; none for one that a migration removed.
create or replace function audit.recorded_rows(of_table text, of_row text default null) returns table (row_pk text, fields jsonb)
language sql stable set search_path = pg_catalog, audit, pg_temp as $$
  select e.row_pk, audit.merge(e.new order by e.n) from audit.event e
  where e.table_name = of_table and (of_row is null or e.row_pk = of_row)
  group by e.row_pk having not coalesce(bool_or(e.new is null), false)
$$;
