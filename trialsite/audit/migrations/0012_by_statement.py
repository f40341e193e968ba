"""The trail is written once a statement instead of once a row. The tables that come under it from now on are so from
the first."""

from django.db import migrations

BY_STATEMENT = """
do $$
declare t record;
begin
  for t in
    select g.tgrelid::regclass as name,
      (select string_agg(quote_literal(a), ', ' order by k)
       from unnest((string_to_array(encode(g.tgargs, 'escape'), '\\000'))[:g.tgnargs]) with ordinality u (a, k)) as arguments
    from pg_trigger g where g.tgname = 'z_audit' and g.tgfoid = 'audit.log()'::regprocedure
  loop
    execute format($f$
      drop trigger z_audit on %1$s;
      create trigger audit_insert after insert on %1$s referencing new table as later_rows
        for each statement execute function audit.log(%2$s);
      create trigger audit_update after update on %1$s
        referencing old table as earlier_rows new table as later_rows
        for each statement execute function audit.log(%2$s);
      create trigger audit_delete after delete on %1$s for each row execute function audit.log(%2$s);
      alter table %1$s enable always trigger audit_insert;
      alter table %1$s enable always trigger audit_update;
      alter table %1$s enable always trigger audit_delete;
    $f$, t.name, t.arguments);
  end loop;
end $$;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0011_supply_owed")]
    operations = [migrations.RunSQL(BY_STATEMENT, migrations.RunSQL.noop)]
