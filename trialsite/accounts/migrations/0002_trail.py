"""People, roles and sites are audited; sessions may be deleted."""

from django.db import migrations

from trialsite.audit.triggers import trail


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [
        # Imports, recomputes and commands act as this person, who cannot log in.
        migrations.RunSQL(
            "insert into accounts_user (username, printed_name, email, is_active, is_system, password, created_at)"
            " values ('system', 'Trialsite', '', true, true, '!', now())",
            "delete from accounts_user where is_system",
        ),
        trail("accounts_user", bookkeeping=()),
        trail("accounts_study"),
        trail("accounts_site"),
        trail("accounts_membership"),
        migrations.RunSQL("grant delete on accounts_session to trialsite_app", migrations.RunSQL.noop),
    ]
