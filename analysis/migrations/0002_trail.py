"""Exports are audited: who took what."""

from django.db import migrations

from trialsite.audit.triggers import trail


class Migration(migrations.Migration):
    dependencies = [("analysis", "0001_initial"), ("audit", "0001_initial")]
    operations = [trail("analysis_export")]
