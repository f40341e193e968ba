"""People, roles and sites are audited. The few tables whose rows come and go: debts paid, and login attempts after a success."""

from django.db import migrations

from trialsite.audit.triggers import trail


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial"), ("axes", "__latest__"), ("accounts", "0002_system")]
    operations = [
        trail("accounts_user", bookkeeping=()),
        trail("accounts_study"),
        trail("accounts_site"),
        trail("accounts_membership"),
        migrations.RunSQL(
            "grant delete on audit_outbox, axes_accessattempt, axes_accesslog, axes_accessfailurelog to trialsite_app",
            migrations.RunSQL.noop,
        ),
    ]
