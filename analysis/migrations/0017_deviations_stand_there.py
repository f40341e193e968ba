"""Deviations stand on the dashboard: a change of one owes the study's figures."""

from django.db import migrations

from trialsite.audit.triggers import enqueues

STUDY = "(select t.study_id from enrollment_participant t where t.id = changed.participant_id)"


class Migration(migrations.Migration):
    dependencies = [("analysis", "0016_summary_shape"), ("assessments", "0013_deviations")]
    operations = [enqueues("assessments_deviation", "summary", STUDY)]
