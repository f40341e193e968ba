"""The fields of a casebook outside its visits can be verified, and a change takes that back."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

SQL = Path(__file__).resolve().parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("review", "0002_rules"), ("enrollment", "0005_session_digest")]
    operations = [
        migrations.AlterField(
            "verification",
            "visit",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="verifications",
                to="enrollment.visit",
            ),
        ),
        migrations.RemoveConstraint("verification", "verified_once"),
        migrations.AddConstraint(
            "verification",
            models.UniqueConstraint(
                fields=["participant", "visit", "form", "field"],
                condition=Q(voided_at=None),
                nulls_distinct=False,
                name="verified_once",
            ),
        ),
        migrations.RunSQL((SQL / "casebook.sql").read_text()),
    ]
