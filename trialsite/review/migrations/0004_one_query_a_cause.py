"""An edit check asks once about a place outside visits, too: until now none asked there."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("review", "0003_casebook")]
    operations = [
        migrations.RemoveConstraint("query", "query_check_asks_once"),
        migrations.AddConstraint(
            "query",
            models.UniqueConstraint(
                fields=["participant", "visit", "form", "field", "check_id"],
                condition=~Q(check_id="") & ~Q(status="closed"),
                nulls_distinct=False,
                name="query_check_asks_once",
            ),
        ),
    ]
