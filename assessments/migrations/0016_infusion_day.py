"""What the page of an infusion day has sent, and who confirmed a dose: written once, audited."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from trialsite.audit.triggers import immutable, trail


class Migration(migrations.Migration):
    dependencies = [
        ("assessments", "0015_failed_treatments"),
        ("enrollment", "0017_screening_fact"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DoseCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("checked_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("weight", models.DecimalField(decimal_places=2, max_digits=6)),
                ("weighed_on", models.DateField()),
                ("drawn", models.DecimalField(decimal_places=3, max_digits=8)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "checked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                    "record",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="dose_checks",
                        to="assessments.record",
                    ),
                ),
            ],
            options={
                "ordering": ["checked_at", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("checked_by", models.F("asked_by")), _negated=True),
                        name="dose_check_by_a_second_person",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StepSave",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("token", models.UUIDField(unique=True)),
                ("step", models.CharField(max_length=20)),
                ("saved_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="enrollment.participant",
                    ),
                ),
                (
                    "record",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="assessments.record"
                    ),
                ),
                (
                    "saved_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("step", ""), _negated=True), name="step_save_has_step"
                    )
                ],
            },
        ),
        trail("assessments_dosecheck", "participant_id"),
        immutable("assessments_dosecheck"),
        trail("assessments_stepsave", "participant_id"),
        immutable("assessments_stepsave"),
    ]
