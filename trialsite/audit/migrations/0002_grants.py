"""The few tables whose rows come and go: debts paid, and login attempts after a success."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial"), ("axes", "__latest__")]
    operations = [
        migrations.RunSQL(
            "grant delete on audit_outbox, axes_accessattempt, axes_accesslog, axes_accessfailurelog to trialsite_app",
            migrations.RunSQL.noop,
        )
    ]
