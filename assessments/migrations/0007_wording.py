"""A site's own wording of a protected scale: a record of its own, audited."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from trialsite.audit.triggers import trail


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_resets"),
        ("assessments", "0006_rating_import"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Wording",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("instrument", models.CharField(max_length=20, verbose_name="instrument")),
                ("items", models.JSONField()),
                ("version", models.PositiveIntegerField(default=1)),
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
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.site"
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.study"
                    ),
                ),
            ],
            options={
                "verbose_name": "wording of an instrument",
                "constraints": [models.UniqueConstraint(fields=("site", "instrument"), name="wording_once")],
            },
        ),
        trail("assessments_wording", bookkeeping=("version", "loaded_by_id", "loaded_at")),
    ]
