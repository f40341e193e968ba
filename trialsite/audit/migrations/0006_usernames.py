"""Names that people have or had: written by their trigger alone, once, into the trail."""

from django.db import migrations

from trialsite.audit.triggers import immutable, trail


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_second_factor"), ("accounts", "0006_usernames")]
    operations = [
        trail("accounts_username"),
        immutable("accounts_username"),
        migrations.RunSQL(
            "revoke insert, update on accounts_username from trialsite_app", migrations.RunSQL.noop
        ),
    ]
