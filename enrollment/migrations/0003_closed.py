"""The allocation: tables the web role cannot read, and the functions it may call."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("enrollment", "0002_trail"), ("accounts", "0001_initial")]
    operations = [
        migrations.RunSQL(
            (SQL / "closed.sql").read_text(),
            "drop schema closed cascade; create schema closed;",
        )
    ]
