"""A rating dated on the wrong side of its dose does not count (analysis/rules.py, DEFINITIONS 4): everybody is derived
again, and each row says which ratings it leaves out."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("analysis", "0013_sealed")]
    operations = [
        migrations.AddField(
            "outcome",
            "not_counted",
            models.JSONField(
                default=dict,
                help_text="Visit code: why its rating does not count, before_dose or after_dose.",
            ),
        ),
        migrations.RunSQL(
            "insert into audit_outbox (kind, subject) select distinct 'recompute', participant_id from analysis_outcome;",
            migrations.RunSQL.noop,
        ),
    ]
