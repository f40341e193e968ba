"""Figures say in which shape they are stored; those stored before say none, and the workers count them anew."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("analysis", "0015_states_add_up")]
    operations = [
        migrations.AddField(
            model_name="studysummary",
            name="shape",
            field=models.CharField(
                blank=True, default="", help_text="Name of the shape of the figures.", max_length=16
            ),
            preserve_default=False,
        )
    ]
