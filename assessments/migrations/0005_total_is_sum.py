"""A stored total is the sum of its items, where there are any: some trials hand over totals alone."""

from django.db import migrations

# Where an earlier total is not, the constraint holds for every later write, and the rows are counted.
CHECK = """
create function assessment_sum(items jsonb) returns bigint language sql immutable
set search_path = pg_catalog, pg_temp as $$
  select coalesce(sum(value::int), 0) from jsonb_each_text(items)
$$;
grant execute on function assessment_sum(jsonb) to trialsite_app;
alter table assessments_assessment add constraint assessment_total_is_sum
  check (total is null or items = '{}' or total = assessment_sum(items)) not valid;
do $$
declare n bigint := (
  select count(*) from assessments_assessment where items <> '{}' and total <> assessment_sum(items));
begin
  if n > 0 then
    raise warning '% ratings have a total that is not the sum of their items: correct them, then run'
      ' "alter table assessments_assessment validate constraint assessment_total_is_sum"', n;
  else
    alter table assessments_assessment validate constraint assessment_total_is_sum;
  end if;
end $$;
"""
UNDO = (
    "alter table assessments_assessment drop constraint assessment_total_is_sum;"
    " drop function assessment_sum(jsonb);"
)


class Migration(migrations.Migration):
    dependencies = [("assessments", "0004_alerts_of_queries")]
    operations = [migrations.RunSQL(CHECK, UNDO)]
