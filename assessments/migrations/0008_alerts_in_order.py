"""The alerts that wait longest, and ratings that are not finished, are found without reading the others."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("assessments", "0007_wording")]
    operations = [
        migrations.RemoveIndex(model_name="safetyalert", name="safety_alert_open"),
        migrations.AddIndex(
            model_name="safetyalert",
            index=models.Index(
                condition=models.Q(acknowledged_at=None),
                fields=["site", "raised_at", "id"],
                name="safety_alert_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="assessment",
            index=models.Index(
                condition=models.Q(status="entered"), fields=["participant"], name="rating_unfinished"
            ),
        ),
    ]
