"""Signatures, verification and locks are kept by triggers; all that is said about a record is audited."""

from pathlib import Path

from django.db import migrations

from trialsite.audit.triggers import immutable, trail

SQL = Path(__file__).resolve().parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("review", "0001_initial"),
        ("audit", "0002_trail"),
        ("enrollment", "0004_unblinding"),
        ("assessments", "0002_trail"),
    ]
    operations = [
        migrations.RunSQL((SQL / "review.sql").read_text()),
        trail("review_query", "participant_id", bookkeeping=("version", "closed_at")),
        trail("review_querymessage", "participant_id"),
        immutable("review_querymessage"),
        trail("review_verification", "participant_id"),
        trail("review_signature", "participant_id"),
        trail("review_lock", "participant_id"),
        immutable("review_lock"),
        trail("review_unlockrequest"),
    ]
