"""Who signed in, failed, was locked out or left: written once, into the trail."""

from django.db import migrations

from trialsite.audit.triggers import immutable, trail


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_once"), ("accounts", "0004_access")]
    operations = [
        trail("accounts_access"),
        immutable("accounts_access"),
        # Without it, whoever mistyped once and then typed rightly was answered by an error.
        migrations.RunSQL(
            "grant delete on axes_accessattemptexpiration to trialsite_app", migrations.RunSQL.noop
        ),
        migrations.RunSQL("revoke update on accounts_access from trialsite_app", migrations.RunSQL.noop),
    ]
