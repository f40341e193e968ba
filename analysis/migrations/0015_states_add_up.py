"""Figures and closed reports stored before count a person who was screened again twice: the workers compute them anew."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("analysis", "0014_not_counted"), ("audit", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "insert into audit_outbox (kind, subject) select 'report', study_id from closed.report;"
            " insert into audit_outbox (kind, subject) select 'summary', study_id from analysis_studysummary;",
            migrations.RunSQL.noop,
        )
    ]
