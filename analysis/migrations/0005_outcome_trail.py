"""Adopted rules are audited and written once; outcomes of the earlier definitions are owed anew."""

from django.db import migrations

from trialsite.audit.triggers import immutable, trail


class Migration(migrations.Migration):
    dependencies = [("analysis", "0004_outcome_rules"), ("audit", "0001_initial")]
    operations = [
        trail("analysis_ruleadoption"),
        immutable("analysis_ruleadoption"),
        migrations.RunSQL(
            "insert into audit_outbox (kind, subject) select distinct 'recompute', participant_id from analysis_outcome;",
            migrations.RunSQL.noop,
        ),
    ]
