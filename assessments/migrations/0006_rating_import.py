"""Files of ratings uploaded in the browser: what became of each is audited, the bytes lie beside it."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from trialsite.audit.triggers import trail


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_list_taken"),
        ("assessments", "0005_total_is_sum"),
        ("audit", "0009_import_owed"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RatingImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("file_name", models.CharField(max_length=200)),
                ("size", models.PositiveIntegerField(help_text="Bytes.")),
                ("sha256", models.CharField(max_length=64)),
                (
                    "enrols",
                    models.BooleanField(
                        default=False, help_text="Whether it enrols participants not yet known."
                    ),
                ),
                ("uploaded_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("checking", "Being checked"),
                            ("checked", "Checked, not imported"),
                            ("confirmed", "Being imported"),
                            ("imported", "Imported"),
                            ("refused", "Refused, nothing imported"),
                            ("cancelled", "Cancelled, nothing imported"),
                        ],
                        default="checking",
                        max_length=10,
                    ),
                ),
                (
                    "counts",
                    models.JSONField(default=dict, help_text="What the file would do, or did, in numbers."),
                ),
                (
                    "basis",
                    models.CharField(
                        blank=True,
                        help_text="Of the saved ratings for which the check holds.",
                        max_length=100,
                    ),
                ),
                ("reason", models.TextField(blank=True, help_text="Why it was confirmed.")),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "refusal",
                    models.TextField(blank=True, help_text="Why a confirmed import was not carried out."),
                ),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="imports",
                        to="accounts.study",
                    ),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="ImportFile",
            fields=[
                (
                    "of",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="file",
                        serialize=False,
                        to="assessments.ratingimport",
                    ),
                ),
                ("content", models.BinaryField(help_text="Empty once the import is cancelled.")),
                ("problems", models.JSONField(default=list)),
                ("changes", models.JSONField(default=list)),
            ],
        ),
        migrations.AddConstraint(
            model_name="ratingimport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["confirmed", "imported"]), _negated=True),
                    models.Q(
                        ("confirmed_at__isnull", False),
                        ("confirmed_by__isnull", False),
                        models.Q(("reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="rating_import_confirmed_with_reason",
            ),
        ),
        trail("assessments_ratingimport"),
    ]
