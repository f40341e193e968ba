"""The outbox owes mail about safety alerts as well."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0009_import_owed"),
    ]

    operations = [
        migrations.AlterField(
            model_name="outbox",
            name="kind",
            field=models.CharField(
                choices=[
                    ("recompute", "Recompute"),
                    ("summary", "Summary"),
                    ("report", "Report"),
                    ("allocation", "Allocation"),
                    ("import", "Import"),
                    ("alert", "Alert"),
                    ("escalation", "Escalation"),
                ],
                max_length=20,
            ),
        ),
    ]
