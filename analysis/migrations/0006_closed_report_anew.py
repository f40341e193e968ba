"""Closed reports stored before hold less than the page shows now: the unblinded worker computes them anew."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("analysis", "0005_outcome_trail"), ("audit", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "insert into audit_outbox (kind, subject) select 'report', study_id from closed.report;"
            " delete from closed.report;",
            migrations.RunSQL.noop,
        )
    ]
