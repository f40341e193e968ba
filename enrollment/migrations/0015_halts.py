"""A stop says what it halts. Those of earlier versions halted screening and randomisation."""

from django.db import migrations, models

import enrollment.models


class Migration(migrations.Migration):
    dependencies = [("enrollment", "0014_withdrawn_on")]
    operations = [
        migrations.AddField(
            "enrollmentpause",
            "halts",
            models.JSONField(
                default=enrollment.models.halted_before,
                help_text="Activities that stand still, as the protocol said at the decision.",
            ),
        ),
        migrations.AlterField(
            "period",
            "given_despite",
            models.TextField(
                blank=True,
                help_text="Why it was given after the participant had withdrawn, or while dosing was halted.",
            ),
        ),
    ]
