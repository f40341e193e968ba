-- Digests of every secret as it is now, for whoever verifies without seeing one. It runs as the owner, who reads the
-- tables anyway: as the trail's owner it would lend those rights to whatever the owner puts in a table's place.
create or replace function secret_digests() returns table (table_name text, row_pk text, digests jsonb)
language plpgsql stable security definer set search_path = public, pg_temp as $$
declare t record;
begin
  for t in
    select c.relname as name, string_agg(
      format('%1$L, audit.digest(%2$L, id::text, %1$L, %1$I)', a.attname, c.relname), ', ' order by a.attname) as pairs
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attname = any (audit.secret())
      and exists (select from pg_trigger g where g.tgrelid = c.oid and g.tgname = 'audit_insert')
    group by c.relname
  loop
    return query execute format('select %L, id::text, jsonb_build_object(%s) from public.%I', t.name, t.pairs, t.name);
  end loop;
end $$;
grant execute on function secret_digests() to trialsite_app, trialsite_report;
