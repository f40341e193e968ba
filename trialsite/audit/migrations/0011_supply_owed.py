"""The outbox owes the settling of a stock as well."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0010_mail_owed"),
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
                    ("supply", "Supply"),
                    ("import", "Import"),
                    ("alert", "Alert"),
                    ("escalation", "Escalation"),
                ],
                max_length=20,
            ),
        ),
    ]
