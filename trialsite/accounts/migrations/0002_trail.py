"""People, roles and sites are audited; sessions may be deleted."""

from django.db import migrations

from trialsite.audit.triggers import trail


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [
        trail("accounts_user", bookkeeping=()),
        trail("accounts_study"),
        trail("accounts_site"),
        trail("accounts_membership"),
        migrations.RunSQL("grant delete on accounts_session to trialsite_app", migrations.RunSQL.noop),
    ]
