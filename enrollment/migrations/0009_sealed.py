"""The allocation and who looked at it come under the chain of the closed schema; only functions write."""

from django.db import migrations

from trialsite.audit.triggers import sealed


class Migration(migrations.Migration):
    dependencies = [("enrollment", "0008_screening_draft"), ("audit", "0003_once")]
    operations = [
        migrations.RunSQL(
            """
            drop trigger a_once on closed.slot;
            drop trigger a_no_truncate on closed.slot;
            drop trigger a_immutable on closed.kit;
            drop trigger a_no_truncate on closed.kit;
            drop trigger a_immutable on closed.log;
            drop trigger a_no_truncate on closed.log;
            drop function closed.slot_once();
            revoke insert, update on closed.slot, closed.kit, closed.log from trialsite_closed;
            """,
            migrations.RunSQL.noop,
        ),
        sealed("slot", "t.id", changes=True),
        sealed("kit", "t.slot_id, t.period"),
        sealed("log", "t.id"),
    ]
