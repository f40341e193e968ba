"""The outbox owes imports as well."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0008_resets"),
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
                ],
                max_length=20,
            ),
        ),
    ]
