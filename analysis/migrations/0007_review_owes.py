"""Queries and signatures stand on the dashboard; figures of the earlier shape are owed anew."""

from django.db import migrations

from trialsite.audit.triggers import enqueues

STUDY = "(select t.study_id from enrollment_participant t where t.id = changed.participant_id)"


class Migration(migrations.Migration):
    dependencies = [("analysis", "0006_closed_report_anew"), ("review", "0002_rules")]
    operations = [
        enqueues("review_query", "summary", STUDY),
        enqueues("review_signature", "summary", STUDY),
        migrations.RunSQL(
            "insert into audit_outbox (kind, subject) select 'summary', study_id from analysis_studysummary;",
            migrations.RunSQL.noop,
        ),
    ]
