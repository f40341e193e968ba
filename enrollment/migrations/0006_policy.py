"""The closed schema asks the policy table who may see what; its function that took role names by hand goes."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("enrollment", "0005_session_digest")]
    operations = [
        migrations.RunSQL("drop function closed.viewer(text, bigint, text[])", migrations.RunSQL.noop)
    ]
