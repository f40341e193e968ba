"""The closed tables are written once; audit triggers fire in every session."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_trail"), ("enrollment", "0004_unblinding")]
    operations = [migrations.RunSQL((SQL / "once.sql").read_text())]
