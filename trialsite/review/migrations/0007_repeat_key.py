"""A query and a verification may be of one row of a form that has several."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("enrollment", "0016_confirmed_decisions"),
        ("review", "0006_voided_signatures"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="query",
            name="query_check_asks_once",
        ),
        migrations.RemoveConstraint(
            model_name="verification",
            name="verified_once",
        ),
        migrations.AddField(
            model_name="query",
            name="repeat_key",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="verification",
            name="repeat_key",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddConstraint(
            model_name="query",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    models.Q(("check_id", ""), _negated=True), models.Q(("status", "closed"), _negated=True)
                ),
                fields=("participant", "visit", "form", "repeat_key", "field", "check_id"),
                name="query_check_asks_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="verification",
            constraint=models.UniqueConstraint(
                condition=models.Q(("voided_at", None)),
                fields=("participant", "visit", "form", "repeat_key", "field"),
                name="verified_once",
                nulls_distinct=False,
            ),
        ),
    ]
