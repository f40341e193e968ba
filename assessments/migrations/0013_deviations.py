"""Deviations that file themselves, and what people say of them: audited, the latter written once."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from trialsite.audit.triggers import immutable, trail


class Migration(migrations.Migration):
    dependencies = [
        ("assessments", "0012_alert_escalated"),
        ("enrollment", "0017_screening_fact"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Deviation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("period", models.PositiveSmallIntegerField(null=True)),
                ("rule", models.CharField(max_length=30)),
                ("subject", models.CharField(blank=True, max_length=20)),
                (
                    "classification",
                    models.CharField(
                        choices=[("important", "Important"), ("minor", "Minor")],
                        max_length=10,
                        verbose_name="class",
                    ),
                ),
                ("occurred_on", models.DateField(null=True, verbose_name="date")),
                ("days", models.SmallIntegerField(null=True)),
                ("recorded", models.CharField(blank=True, max_length=80)),
                ("expected", models.CharField(blank=True, max_length=80)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "To review"),
                            ("reviewed", "Reviewed"),
                            ("closed", "Closed"),
                            ("corrected", "Cause corrected"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("filed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deviations",
                        to="enrollment.participant",
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deviations",
                        to="enrollment.visit",
                    ),
                ),
            ],
            options={
                "ordering": ["filed_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="DeviationTurn",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("reviewed", "reviewed"),
                            ("closed", "closed"),
                            ("reopened", "reopened"),
                            ("corrected", "cause corrected"),
                            ("returned", "cause present again"),
                            ("changed", "figures changed"),
                        ],
                        max_length=10,
                    ),
                ),
                ("text", models.TextField(blank=True, verbose_name="comment")),
                ("action", models.TextField(blank=True, verbose_name="corrective action")),
                ("written_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "deviation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="turns",
                        to="assessments.deviation",
                    ),
                ),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="enrollment.participant",
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.AddIndex(
            model_name="deviation",
            index=models.Index(fields=["participant", "status"], name="deviation_of_participant"),
        ),
        migrations.AddIndex(
            model_name="deviation",
            index=models.Index(
                condition=models.Q(("status__in", ["open", "reviewed"])),
                fields=["status", "filed_at", "id"],
                name="deviation_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="deviation",
            constraint=models.UniqueConstraint(
                fields=("participant", "rule", "subject", "period", "visit"),
                name="deviation_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="deviation",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["open", "reviewed", "closed", "corrected"])),
                name="deviation_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="deviation",
            constraint=models.CheckConstraint(
                condition=models.Q(("classification__in", ["important", "minor"])),
                name="deviation_class_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="deviation",
            constraint=models.CheckConstraint(
                condition=models.Q(("rule", ""), _negated=True), name="deviation_has_rule"
            ),
        ),
        migrations.AddConstraint(
            model_name="deviationturn",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind__in", ["reviewed", "closed", "reopened"]),
                        ("written_by__isnull", False),
                        models.Q(("text", ""), _negated=True),
                    ),
                    models.Q(
                        ("action", ""),
                        ("kind__in", ["corrected", "returned", "changed"]),
                        ("text", ""),
                        ("written_by", None),
                    ),
                    _connector="OR",
                ),
                name="deviation_turn_of_somebody_has_words",
            ),
        ),
        trail("assessments_deviation", "participant_id"),
        trail("assessments_deviationturn", "participant_id"),
        immutable("assessments_deviationturn"),
    ]
