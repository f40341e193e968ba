"""Second ratings: audited, kept as signatures and locks ask for, and an adjudication owes a recompute."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from trialsite.audit.triggers import enqueues, trail

KEPT = """
alter table assessments_secondrating add constraint second_rating_items_valid
  check (assessment_items_valid(items, missing));
alter table assessments_secondrating add constraint second_rating_total_is_sum
  check (total is null or items = '{}' or total = assessment_sum(items));
-- The functions get their bodies from review_kept.sql, once all migrations are applied.
create function review_kept_assessments_secondrating_insert() returns trigger language plpgsql
  as 'begin return null; end';
create function review_kept_assessments_secondrating_update() returns trigger language plpgsql
  as 'begin return null; end';
create trigger x_kept_insert after insert on assessments_secondrating referencing new table as changed
  for each statement execute function review_kept_assessments_secondrating_insert();
create trigger x_kept_update after update on assessments_secondrating
  referencing old table as was new table as changed
  for each statement execute function review_kept_assessments_secondrating_update();
alter table assessments_secondrating enable always trigger x_kept_insert;
alter table assessments_secondrating enable always trigger x_kept_update;
"""
UNDO = """
drop function review_kept_assessments_secondrating_insert() cascade;
drop function review_kept_assessments_secondrating_update() cascade;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("assessments", "0013_deviations"),
        ("enrollment", "0018_work_list_and_calendar"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SecondRating",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("instrument", models.CharField(max_length=20)),
                ("instrument_version", models.CharField(max_length=20)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("entered", "Entered, items missing"),
                            ("complete", "Complete"),
                            ("not_done", "Not done"),
                        ],
                        max_length=10,
                    ),
                ),
                ("items", models.JSONField(default=dict)),
                ("missing", models.JSONField(default=dict)),
                (
                    "total",
                    models.PositiveSmallIntegerField(
                        help_text="Null unless every item was rated.", null=True
                    ),
                ),
                ("not_done_reason", models.TextField(blank=True)),
                ("rater", models.CharField(blank=True, max_length=200, verbose_name="rater")),
                ("performed_on", models.DateField(null=True, verbose_name="date of rating")),
                ("performed_time", models.TimeField(blank=True, null=True, verbose_name="time of rating")),
                (
                    "lookback_days",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="look-back in days"),
                ),
                ("entered_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "form_token",
                    models.UUIDField(
                        help_text="Of the form that made it: a second send finds it.", unique=True
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "adjudicated_total",
                    models.PositiveSmallIntegerField(null=True, verbose_name="adjudicated total"),
                ),
                ("adjudication_reason", models.TextField(blank=True)),
                ("adjudicated_at", models.DateTimeField(null=True)),
                (
                    "adjudicated_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="second_ratings",
                        to="enrollment.participant",
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="second_ratings",
                        to="enrollment.visit",
                    ),
                ),
            ],
            options={
                "ordering": ["visit_id", "instrument"],
                "constraints": [
                    models.UniqueConstraint(fields=("visit", "instrument"), name="second_rating_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "complete"), ("total__isnull", False)),
                            models.Q(models.Q(("status", "complete"), _negated=True), ("total", None)),
                            _connector="OR",
                        ),
                        name="second_rating_total_when_complete",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "not_done"), _negated=True),
                            models.Q(("not_done_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="second_rating_not_done_has_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("adjudicated_at", None),
                                ("adjudicated_by", None),
                                ("adjudicated_total", None),
                                ("adjudication_reason", ""),
                            ),
                            models.Q(
                                ("adjudicated_at__isnull", False),
                                ("adjudicated_by__isnull", False),
                                ("adjudicated_total__isnull", False),
                                ("status", "complete"),
                                models.Q(("adjudication_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="second_rating_adjudicated_by_somebody",
                    ),
                ],
            },
        ),
        trail("assessments_secondrating", "participant_id"),
        enqueues("assessments_secondrating", "recompute", "participant_id"),
        migrations.RunSQL(KEPT, UNDO),
    ]
