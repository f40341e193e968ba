"""The database's own check of the live session asks for the hash of the key: the table holds no key."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("enrollment", "0004_unblinding"), ("accounts", "0004_access")]
    operations = [migrations.RunSQL((SQL / "session_digest.sql").read_text())]
