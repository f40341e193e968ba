"""Decisions are signed; who is screened again is linked to the earlier code; choices are checked by the database.

The checks of choices hold for what is written from now on: what an earlier version let in stays as it is, and can be
taken off the list.
"""

import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("enrollment", "0010_list_for_a_reason")]
    operations = [
        migrations.AddField(
            "eligibilitydecision",
            "printed_name",
            models.CharField(
                max_length=200,
                blank=True,
                default="",
                help_text="Of who signed. Empty: before decisions were signed.",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "eligibilitydecision",
            "meaning",
            models.TextField(blank=True, default="", help_text="What the signature means."),
            preserve_default=False,
        ),
        migrations.AddField(
            "participant", "left_on", models.DateField("date of withdrawal", null=True, blank=True)
        ),
        migrations.AddField(
            "participant",
            "rescreen_of",
            models.OneToOneField(
                null=True,
                blank=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="rescreened_as",
                to="enrollment.participant",
                help_text="The screen failure of the same person, under an earlier code.",
            ),
        ),
        migrations.AddConstraint(
            "participant",
            models.CheckConstraint(condition=~Q(rescreen_of=F("id")), name="participant_rescreens_another"),
        ),
        AddConstraintNotValid(
            "participant",
            models.CheckConstraint(condition=Q(sex__in=["", "F", "M", "U"]), name="participant_sex_known"),
        ),
        AddConstraintNotValid(
            "participant",
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "screening", "screen_failed", "eligible", "randomised", "completed", "withdrawn",
                    ]
                ),
                name="participant_status_known",
            ),
        ),
        AddConstraintNotValid(
            "visit",
            models.CheckConstraint(
                condition=Q(status__in=["planned", "done", "missed"]), name="visit_status_known"
            ),
        ),
        AddConstraintNotValid(
            "failedtreatment",
            models.CheckConstraint(
                condition=Q(removed=True)
                | Q(
                    kind__in=["antidepressant", "ect", "tms", "vns", "dbs", "other"],
                    outcome__in=["none", "insufficient", "intolerant", "helped"],
                ),
                name="treatment_of_known_choices",
            ),
        ),
    ]  # fmt: skip
