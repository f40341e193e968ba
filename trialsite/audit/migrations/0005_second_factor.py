"""Second factors are audited; secrets and codes are for the web alone, not for reports."""

from django.db import migrations

from trialsite.audit.triggers import trail

USE = ("last_step", "throttling_failure_count", "throttling_failure_timestamp")


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_access"), ("accounts", "0005_second_factor")]
    operations = [
        trail("accounts_authenticator", bookkeeping=USE),
        trail("accounts_recoverycode"),
        migrations.RunSQL(
            "revoke all on accounts_authenticator, accounts_recoverycode from trialsite_report",
            migrations.RunSQL.noop,
        ),
    ]
