"""The list of failed treatments is a form (assessments, 0015): its table goes. The audit trail keeps what happened there."""

from django.db import migrations

GUARDS = """
drop function if exists review_kept_enrollment_failedtreatment_insert() cascade;
drop function if exists review_kept_enrollment_failedtreatment_update() cascade;
"""


class Migration(migrations.Migration):
    dependencies = [("enrollment", "0020_supply"), ("assessments", "0015_failed_treatments")]
    operations = [
        migrations.RunSQL(GUARDS, migrations.RunSQL.noop),
        migrations.DeleteModel("FailedTreatment"),
    ]
