"""Safety alerts of any form."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("assessments", "0010_records")]
    operations = [
        migrations.AddField(
            model_name="safetyalert",
            name="record",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="safety_alerts",
                to="assessments.record",
            ),
        ),
        migrations.AddField(
            model_name="safetyalert",
            name="rule",
            field=models.CharField(blank=True, default="", max_length=40),
            preserve_default=False,
        ),
        migrations.AddField(model_name="safetyalert", name="values", field=models.JSONField(default=dict)),
        migrations.AddField(
            model_name="safetyalert",
            name="text",
            field=models.TextField(blank=True, default=""),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="safetyalert",
            name="rating",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="safety_alerts",
                to="assessments.assessment",
            ),
        ),
        migrations.AlterField(
            model_name="safetyalert", name="item", field=models.CharField(blank=True, max_length=20)
        ),
        migrations.AlterField(
            model_name="safetyalert", name="value", field=models.PositiveSmallIntegerField(null=True)
        ),
        migrations.AlterField(
            model_name="safetyalert",
            name="trigger",
            field=models.CharField(
                choices=[
                    ("level", "by its value"),
                    ("rise", "by its rise"),
                    ("rule", "by a rule of its form"),
                ],
                max_length=5,
            ),
        ),
        migrations.AddConstraint(
            model_name="safetyalert",
            constraint=models.UniqueConstraint(
                fields=("record", "rule", "values"), name="safety_alert_once_of_record"
            ),
        ),
        migrations.AddConstraint(
            model_name="safetyalert",
            constraint=models.CheckConstraint(
                condition=Q(rating__isnull=False, value__isnull=False, record=None, rule="", text="")
                & ~Q(item="")
                & Q(trigger__in=["level", "rise"])
                | Q(rating=None, value=None, previous=None, item="", record__isnull=False, trigger="rule")
                & ~Q(rule="")
                & ~Q(text=""),
                name="safety_alert_of_rating_or_record",
            ),
        ),
    ]
