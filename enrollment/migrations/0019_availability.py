"""When sites work and participants can come: kept for planning, audited."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from trialsite.audit.triggers import trail


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_synthetic_stays"),
        ("enrollment", "0018_work_list_and_calendar"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Absence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("first_on", models.DateField(verbose_name="first day")),
                ("last_on", models.DateField(verbose_name="last day")),
                ("places", models.PositiveSmallIntegerField(default=0)),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                ("entered_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("removed_at", models.DateTimeField(null=True)),
                (
                    "entered_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "participant",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="absences",
                        to="enrollment.participant",
                    ),
                ),
                (
                    "removed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="absences",
                        to="accounts.site",
                    ),
                ),
            ],
            options={
                "ordering": ["first_on", "pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("removed_at", None)),
                        fields=["site", "last_on"],
                        name="absence_in_force",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("last_on__gte", models.F("first_on"))), name="absence_in_order"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="absence_has_reason"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("participant", None), ("places", 0), _connector="OR"),
                        name="absence_of_participant_is_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("removed_at", None), ("removed_by", None)),
                            models.Q(("removed_at__isnull", False), ("removed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="absence_removed_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SiteHours",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "weekdays",
                    models.CharField(help_text="Digits of ISO weekdays in order: 1 is Monday.", max_length=7),
                ),
                (
                    "holidays",
                    models.CharField(
                        blank=True, help_text="ISO 3166 code of a country or a part of it.", max_length=10
                    ),
                ),
                (
                    "places",
                    models.PositiveSmallIntegerField(help_text="Participants who can be treated a day."),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "site",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="hours", to="accounts.site"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("weekdays__regex", "^1?2?3?4?5?6?7?$"), models.Q(("weekdays", ""), _negated=True)
                        ),
                        name="hours_weekdays_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("places__range", (1, 99))), name="hours_places_in_range"
                    ),
                ],
            },
        ),
        trail("enrollment_absence", "participant_id"),
        trail("enrollment_sitehours"),
    ]
