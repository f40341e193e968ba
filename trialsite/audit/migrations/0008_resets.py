"""Resets of passwords and second factors stand in the trail."""

from django.db import migrations

from trialsite.audit.triggers import trail


class Migration(migrations.Migration):
    dependencies = [("audit", "0007_audit_review"), ("accounts", "0009_resets")]
    operations = [trail("accounts_accessreset", bookkeeping=("used_at", "told_at"))]
