"""Resets of passwords and second factors by two people; confirmations by password with their session."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

# What they say stands in sql/functions.
TRIGGERS = """
create function stamp_access() returns trigger language plpgsql as 'begin return new; end';
create function keep_reset() returns trigger language plpgsql as 'begin return new; end';
create function refuse_lone_reset() returns trigger language plpgsql as 'begin return new; end';
create trigger b_stamp before insert on accounts_access for each row execute function stamp_access();
create trigger b_keep before insert or update on accounts_accessreset for each row execute function keep_reset();
create trigger b_lone before update on accounts_user for each row execute function refuse_lone_reset();
create trigger b_lone before insert or update on accounts_authenticator
  for each row execute function refuse_lone_reset();
alter table accounts_access enable always trigger b_stamp;
alter table accounts_accessreset enable always trigger b_keep;
alter table accounts_user enable always trigger b_lone;
alter table accounts_authenticator enable always trigger b_lone;
"""
UNDO = "drop function stamp_access(), keep_reset(), refuse_lone_reset() cascade"


def user(**options):
    return models.ForeignKey(settings.AUTH_USER_MODEL, django.db.models.deletion.PROTECT, **options)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_list_taken")]
    operations = [
        migrations.AddField("access", "session", models.CharField(blank=True, default="", max_length=64)),
        migrations.CreateModel(
            name="AccessReset",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("password", "Password"), ("second factor", "Second factor")], max_length=20
                    ),
                ),
                ("reason", models.TextField()),
                ("requested_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("granted", models.BooleanField(null=True)),
                ("decision_reason", models.TextField(blank=True, default="")),
                ("decided_at", models.DateTimeField(null=True)),
                ("used_at", models.DateTimeField(help_text="When the person set another.", null=True)),
                (
                    "told_at",
                    models.DateTimeField(help_text="When the person said that they know of it.", null=True),
                ),
                ("decided_by", user(null=True, related_name="+")),
                ("requested_by", user(related_name="+")),
                ("user", user(related_name="resets")),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(granted=None), fields=("user", "kind"), name="reset_asked_once"
                    ),
                    models.CheckConstraint(condition=~Q(reason=""), name="reset_has_reason"),
                    models.CheckConstraint(
                        condition=Q(granted=None) | Q(decided_by__isnull=False),
                        name="reset_decided_by_somebody",
                    ),
                ],
            },
        ),
        migrations.RunSQL(TRIGGERS, UNDO),
    ]
