"""A signature names the confirmation by password that it rests on. From here on verification asks for it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("review", "0004_one_query_a_cause"), ("accounts", "0009_resets")]
    operations = [
        migrations.AddField(
            "signature",
            "confirmation",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.access",
            ),
        ),
    ]
