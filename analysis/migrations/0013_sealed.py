"""The live report, looks, decisions, prints and serious events come under the chain of the closed schema; only functions write."""

from django.db import migrations

from trialsite.audit.triggers import sealed


def once(table: str) -> migrations.RunSQL:
    """What kept `table` before goes: the chain's own triggers refuse the same."""
    return migrations.RunSQL(
        f"drop trigger a_immutable on closed.{table}; drop trigger a_no_truncate on closed.{table}",
        migrations.RunSQL.noop,
    )


class Migration(migrations.Migration):
    dependencies = [("analysis", "0012_outcomes_anew"), ("enrollment", "0009_sealed")]
    operations = [
        *map(once, ("look", "decision", "print", "safety_report")),
        migrations.RunSQL(
            "revoke insert, update on closed.report, closed.look, closed.print from trialsite_closed",
            migrations.RunSQL.noop,
        ),
        sealed("report", "t.study_id", changes=True),
        sealed("look", "t.look_id"),
        sealed("decision", "t.look_id"),
        sealed("print", "t.look_id, t.decided"),
        sealed("safety_report", "t.id"),
    ]
