"""Signatures that were voided are found without reading the others."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("review", "0005_confirmed_signatures")]
    operations = [
        migrations.AddIndex(
            model_name="signature",
            index=models.Index(
                condition=models.Q(voided_at__isnull=False), fields=["participant"], name="signature_voided"
            ),
        )
    ]
