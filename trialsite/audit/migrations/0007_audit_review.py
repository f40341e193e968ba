"""Reviews of the trail: written once, into the trail."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from trialsite.audit.triggers import immutable, trail


class Migration(migrations.Migration):
    dependencies = [("audit", "0006_usernames"), ("accounts", "0007_trail_taken")]
    operations = [
        migrations.CreateModel(
            name="AuditReview",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reviewed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("filters", models.TextField(blank=True, help_text="As in the address of the page.")),
                ("entries", models.PositiveIntegerField(help_text="How many entries matched.")),
                (
                    "until",
                    models.DateTimeField(help_text="When the latest of them was written.", null=True),
                ),
                ("finding", models.TextField(blank=True, help_text="Empty: nothing to follow up.")),
                (
                    "reviewed_by",
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
                        related_name="audit_reviews",
                        to="accounts.study",
                    ),
                ),
            ],
            options={"ordering": ["-id"]},
        ),
        trail("audit_auditreview"),
        immutable("audit_auditreview"),
        migrations.RunSQL("revoke update on audit_auditreview from trialsite_app", migrations.RunSQL.noop),
    ]
