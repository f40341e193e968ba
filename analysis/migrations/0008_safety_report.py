"""Serious events reported to the board at a look; closed reports are computed anew."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("analysis", "0007_review_owes")]
    operations = [migrations.RunSQL((SQL / "safety.sql").read_text(), (SQL / "safety_undo.sql").read_text())]
