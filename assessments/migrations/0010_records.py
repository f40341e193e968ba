"""Forms as they were loaded, records of them, and what was typed and not saved. Forms and records are audited; a record is
kept as signatures, verification and locks ask for."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from trialsite.audit.triggers import immutable, trail

KEPT = """
create function record_items_valid(items jsonb, missing jsonb, comments jsonb) returns boolean language sql immutable
set search_path = pg_catalog, pg_temp as $$
  select jsonb_typeof(items) = 'object' and jsonb_typeof(missing) = 'object' and jsonb_typeof(comments) = 'object'
    and not exists (select from jsonb_each(items)
      where value in ('null', '""', '[]', '{}') or missing ? key)
    and not exists (select from jsonb_each(missing) where jsonb_typeof(value) <> 'string' or value = '""')
    and not exists (select from jsonb_each(comments) where jsonb_typeof(value) <> 'string' or value = '""')
$$;
grant execute on function record_items_valid(jsonb, jsonb, jsonb) to trialsite_app;
alter table assessments_record add constraint record_items_valid check (record_items_valid(items, missing, comments));
grant delete on assessments_recorddraft to trialsite_app;
-- The functions get their bodies from review_kept.sql, once all migrations are applied.
create function review_kept_assessments_record_insert() returns trigger language plpgsql as 'begin return null; end';
create function review_kept_assessments_record_update() returns trigger language plpgsql as 'begin return null; end';
create trigger x_kept_insert after insert on assessments_record referencing new table as changed
  for each statement execute function review_kept_assessments_record_insert();
create trigger x_kept_update after update on assessments_record referencing old table as was new table as changed
  for each statement execute function review_kept_assessments_record_update();
alter table assessments_record enable always trigger x_kept_insert;
alter table assessments_record enable always trigger x_kept_update;
"""
UNDO = """
drop function review_kept_assessments_record_insert() cascade;
drop function review_kept_assessments_record_update() cascade;
alter table assessments_record drop constraint record_items_valid;
drop function record_items_valid(jsonb, jsonb, jsonb);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_resets"),
        ("assessments", "0009_questions_of_dates"),
        ("enrollment", "0016_confirmed_decisions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FormVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=20)),
                ("version", models.CharField(max_length=20)),
                ("source", models.TextField(help_text="The file, byte for byte.")),
                ("sha256", models.CharField(max_length=64)),
                ("loaded_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "loaded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="forms", to="accounts.study"
                    ),
                ),
            ],
            options={
                "ordering": ["code", "id"],
            },
        ),
        migrations.CreateModel(
            name="Record",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("form", models.CharField(max_length=20)),
                ("repeat_key", models.PositiveSmallIntegerField(null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("incomplete", "Entered, answers missing"),
                            ("complete", "Complete"),
                            ("not_done", "Not done"),
                            ("struck_out", "Struck out"),
                        ],
                        max_length=10,
                    ),
                ),
                ("items", models.JSONField(default=dict)),
                ("missing", models.JSONField(default=dict)),
                ("comments", models.JSONField(default=dict)),
                (
                    "status_reason",
                    models.TextField(blank=True, help_text="Why it was not done, or was struck out."),
                ),
                (
                    "performed_on",
                    models.DateField(help_text="Of a form at a visit.", null=True, verbose_name="date"),
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
                    "definition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="records",
                        to="assessments.formversion",
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
                        related_name="records",
                        to="enrollment.participant",
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="records",
                        to="enrollment.visit",
                    ),
                ),
            ],
            options={
                "ordering": ["form", "repeat_key", "id"],
            },
        ),
        migrations.CreateModel(
            name="RecordDraft",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("form", models.CharField(max_length=20)),
                (
                    "repeat_key",
                    models.PositiveSmallIntegerField(
                        help_text="Empty also for a row that is not saved yet.", null=True
                    ),
                ),
                ("fields", models.JSONField()),
                ("saved_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="enrollment.participant",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="enrollment.visit",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="formversion",
            constraint=models.UniqueConstraint(fields=("study", "code", "version"), name="form_version_once"),
        ),
        migrations.AddIndex(
            model_name="record",
            index=models.Index(fields=["visit"], name="record_of_visit"),
        ),
        migrations.AddIndex(
            model_name="record",
            index=models.Index(
                condition=models.Q(("status", "incomplete")), fields=["participant"], name="record_unfinished"
            ),
        ),
        migrations.AddConstraint(
            model_name="record",
            constraint=models.UniqueConstraint(
                fields=("participant", "visit", "form", "repeat_key"),
                name="record_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="record",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["incomplete", "complete", "not_done", "struck_out"])),
                name="record_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="record",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["not_done", "struck_out"]), _negated=True),
                    models.Q(("status_reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="record_set_aside_with_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="record",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "not_done"), _negated=True),
                    models.Q(("items", {}), ("missing", {})),
                    _connector="OR",
                ),
                name="record_not_done_is_empty",
            ),
        ),
        migrations.AddConstraint(
            model_name="record",
            constraint=models.CheckConstraint(
                condition=models.Q(("repeat_key", None), ("repeat_key__gte", 1), _connector="OR"),
                name="record_key_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="recorddraft",
            constraint=models.UniqueConstraint(
                fields=("user", "participant", "visit", "form", "repeat_key"),
                name="record_draft_once",
                nulls_distinct=False,
            ),
        ),
        trail("assessments_formversion"),
        immutable("assessments_formversion"),
        trail("assessments_record", "participant_id"),
        migrations.RunSQL(KEPT, UNDO),
    ]
