"""The system user; and sessions, which come and go."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [
        # Imports, recomputes and commands act as this person, who cannot log in.
        migrations.RunSQL(
            "insert into accounts_user (username, printed_name, email, is_active, is_system, password, created_at)"
            " values ('system', 'Trialsite', '', true, true, '!', now())",
            "delete from accounts_user where is_system",
        ),
        migrations.RunSQL("grant delete on accounts_session to trialsite_app", migrations.RunSQL.noop),
    ]
