"""The whole allocation list is asked for with a reason: the function that took none goes."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("enrollment", "0009_sealed")]
    operations = [migrations.RunSQL("drop function closed.list_for(text, bigint)", migrations.RunSQL.noop)]
