"""Outcomes are written by the thousand: only the indexes that are read by."""

import django.db.models.deletion
from django.db import migrations, models


def own_index_gone(model: str, name: str, to: str, related: str = "+") -> migrations.AlterField:
    return migrations.AlterField(
        model,
        name,
        models.ForeignKey(
            on_delete=django.db.models.deletion.PROTECT, related_name=related, to=to, db_index=False
        ),
    )


class Migration(migrations.Migration):
    dependencies = [("analysis", "0008_safety_report")]
    operations = [
        own_index_gone("outcome", "participant", "enrollment.participant", "outcomes"),
        own_index_gone("outcome", "study", "accounts.study"),
        own_index_gone("outcome", "protocol", "enrollment.protocolversion"),
        own_index_gone("participantoutcome", "study", "accounts.study"),
        own_index_gone("participantoutcome", "protocol", "enrollment.protocolversion"),
    ]
