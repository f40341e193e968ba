"""Safety alerts: records of their own, audited."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

from trialsite.audit.triggers import trail


class Migration(migrations.Migration):
    dependencies = [
        ("assessments", "0002_trail"),
        ("enrollment", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="SafetyAlert",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("item", models.CharField(max_length=20)),
                ("value", models.PositiveSmallIntegerField()),
                ("previous", models.PositiveSmallIntegerField(null=True)),
                (
                    "trigger",
                    models.CharField(
                        choices=[("level", "by its value"), ("rise", "by its rise")], max_length=5
                    ),
                ),
                ("raised_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("acknowledged_at", models.DateTimeField(null=True)),
                ("action", models.TextField(blank=True, verbose_name="what was done")),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="safety_alerts",
                        to="enrollment.participant",
                    ),
                ),
                (
                    "rating",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="safety_alerts",
                        to="assessments.assessment",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        help_text="The participant's.",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.site",
                    ),
                ),
            ],
            options={
                "ordering": ["raised_at", "id"],
                "indexes": [
                    models.Index(
                        condition=Q(acknowledged_at=None), fields=["site"], name="safety_alert_open"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("rating", "item", "value"), name="safety_alert_once"),
                    models.CheckConstraint(
                        condition=Q(acknowledged_at=None, acknowledged_by=None, action="")
                        | (Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False) & ~Q(action="")),
                        name="safety_alert_acknowledged_with_action",
                    ),
                ],
            },
        ),
        trail("assessments_safetyalert", "participant_id"),
    ]
