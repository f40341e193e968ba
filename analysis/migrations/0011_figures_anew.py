"""Figures and closed reports stored before do not say where each participant's way ended: the workers compute them anew."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("analysis", "0010_room_for_updates"), ("audit", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "insert into audit_outbox (kind, subject) select 'report', study_id from closed.report;"
            " insert into audit_outbox (kind, subject) select 'summary', study_id from analysis_studysummary;",
            migrations.RunSQL.noop,
        )
    ]
