"""Consent texts, their approval at the sites, and which one a participant signed: not recorded of those there are."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from trialsite.audit.triggers import trail


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0012_access_labels"),
        ("enrollment", "0021_treatments_are_records"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ConsentVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("label", models.CharField(max_length=40, verbose_name="consent version")),
                (
                    "language",
                    models.CharField(
                        help_text="Code of a language: en, de.", max_length=10, verbose_name="language"
                    ),
                ),
                ("dated_on", models.DateField(verbose_name="date of the text")),
                ("entered_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "entered_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consent_versions",
                        to="accounts.study",
                    ),
                ),
            ],
            options={
                "ordering": ["dated_on", "label", "language", "pk"],
            },
        ),
        migrations.CreateModel(
            name="ConsentApproval",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("approved_on", models.DateField(verbose_name="approval date")),
                ("entered_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "entered_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consent_approvals",
                        to="accounts.site",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.study"
                    ),
                ),
                (
                    "consent_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="approvals",
                        to="enrollment.consentversion",
                    ),
                ),
            ],
            options={
                "ordering": ["site__code"],
            },
        ),
        migrations.AddField(
            model_name="participant",
            name="consent_version",
            field=models.ForeignKey(
                blank=True,
                help_text="The text that was signed. None: not recorded, as for all who consented before texts were kept.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="participants",
                to="enrollment.consentversion",
                verbose_name="consent version",
            ),
        ),
        migrations.AddConstraint(
            model_name="consentversion",
            constraint=models.UniqueConstraint(
                fields=("study", "label", "language"), name="consent_version_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="consentversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("label", ""), _negated=True), models.Q(("language", ""), _negated=True)
                ),
                name="consent_version_named",
            ),
        ),
        migrations.AddConstraint(
            model_name="consentapproval",
            constraint=models.UniqueConstraint(
                fields=("consent_version", "site"), name="consent_approval_once"
            ),
        ),
        trail("enrollment_consentversion"),
        trail("enrollment_consentapproval"),
    ]
