"""An alert that nobody has acknowledged in time keeps when it was escalated."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("assessments", "0011_alerts_of_records")]
    operations = [
        migrations.AddField(
            model_name="safetyalert", name="escalated_at", field=models.DateTimeField(null=True)
        ),
    ]
