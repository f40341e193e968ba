"""Sustained response and relapse are defined otherwise now (analysis/rules.py, DEFINITIONS 3): everybody is derived again."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("analysis", "0011_figures_anew")]
    operations = [
        migrations.RunSQL(
            "insert into audit_outbox (kind, subject) select distinct 'recompute', participant_id from analysis_outcome;",
            migrations.RunSQL.noop,
        )
    ]
