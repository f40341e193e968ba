"""Everything a person decides about a participant is audited, and owes a recompute."""

from django.db import migrations

from trialsite.audit.triggers import enqueues, immutable, trail


class Migration(migrations.Migration):
    dependencies = [("enrollment", "0001_initial"), ("audit", "0001_initial")]
    operations = [
        trail("enrollment_protocolversion"),
        immutable("enrollment_protocolversion"),
        trail("enrollment_participant", "id"),
        trail("enrollment_failedtreatment", "participant_id"),
        trail("enrollment_fact", "participant_id", bookkeeping=("source", "recorded_at")),
        trail("enrollment_eligibilitydecision", "participant_id"),
        immutable("enrollment_eligibilitydecision"),
        trail("enrollment_period", "participant_id"),
        trail("enrollment_visit", "participant_id"),
        trail("enrollment_enrollmentpause"),
        trail("enrollment_calendarfeed"),
        enqueues("enrollment_participant", "recompute", "id"),
        enqueues("enrollment_period", "recompute", "participant_id"),
        enqueues("enrollment_visit", "recompute", "participant_id"),
    ]
