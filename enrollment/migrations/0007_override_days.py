"""An override of the washout keeps how far outside the rule it was given for."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("enrollment", "0006_policy")]
    operations = [
        migrations.AddField(
            "period",
            "override_days",
            models.SmallIntegerField(
                null=True,
                help_text="How far outside the reason was given for: days early below 0, days late above.",
            ),
        ),
        migrations.AlterField(
            "period",
            "override_reason",
            models.TextField(blank=True, help_text="Why the washout rule was not kept."),
        ),
    ]
