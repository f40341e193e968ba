"""Those randomised last, and who waits for a dosing, are found without reading the others."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("enrollment", "0012_dosing_possible")]
    operations = [
        migrations.AddIndex(
            model_name="participant",
            index=models.Index(
                condition=models.Q(randomised_at__isnull=False),
                fields=["study", "randomised_at", "id"],
                name="participant_randomised",
            ),
        ),
        migrations.AddIndex(
            model_name="period",
            index=models.Index(
                condition=models.Q(dosed_on=None),
                fields=["participant", "number"],
                name="period_not_dosed",
            ),
        ),
    ]
