"""Ratings are audited, owe a recompute, and hold only whole numbers by item code."""

from django.db import migrations

from trialsite.audit.triggers import enqueues, trail

SHAPE = """
create function assessment_items_valid(items jsonb, missing jsonb) returns boolean language sql immutable
set search_path = pg_catalog, pg_temp as $$
  select jsonb_typeof(items) = 'object' and jsonb_typeof(missing) = 'object'
    and not exists (select from jsonb_each(items)
      where jsonb_typeof(value) <> 'number' or value::text !~ '^[0-9]{1,3}$' or missing ? key)
    and not exists (select from jsonb_each(missing) where jsonb_typeof(value) <> 'string' or value = '""')
$$;
grant execute on function assessment_items_valid(jsonb, jsonb) to trialsite_app;
alter table assessments_assessment add constraint assessment_items_valid
  check (assessment_items_valid(items, missing));
grant delete on assessments_draft to trialsite_app;
"""


class Migration(migrations.Migration):
    dependencies = [("assessments", "0001_initial"), ("audit", "0001_initial")]
    operations = [
        trail("assessments_assessment", "participant_id"),
        enqueues("assessments_assessment", "recompute", "participant_id"),
        migrations.RunSQL(
            SHAPE,
            "alter table assessments_assessment drop constraint assessment_items_valid; "
            "drop function assessment_items_valid(jsonb, jsonb);",
        ),
    ]
