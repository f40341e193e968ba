"""What is recorded of somebody's coming and going is an access event; its table keeps its name."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    # The last migrations that name the model as it was called before.
    dependencies = [
        ("accounts", "0009_resets"),
        ("review", "0005_confirmed_signatures"),
        ("enrollment", "0016_confirmed_decisions"),
    ]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameModel("Access", "AccessEvent"),
                migrations.AlterModelTable("accessevent", "accounts_access"),
                migrations.AlterField(
                    "accessevent",
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="access_events",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ]
        ),
    ]
