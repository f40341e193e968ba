"""Indexes by which the work list and the calendar find what they show, however many participants there are."""

from django.db import migrations, models
from django.db.models import Q
from django.db.models.functions import Coalesce


class Migration(migrations.Migration):
    dependencies = [("enrollment", "0017_screening_fact")]

    operations = [
        migrations.AddIndex(
            model_name="participant",
            index=models.Index(
                fields=["site", "status", "consented_on", "id"],
                condition=Q(status__in=["screening", "eligible"]),
                name="participant_on_the_way_in",
            ),
        ),
        migrations.AddIndex(
            model_name="participant",
            index=models.Index(
                fields=["site", "unblinded_at"],
                condition=Q(unblinded_at__isnull=False),
                name="participant_unblinded",
            ),
        ),
        migrations.AddIndex(
            model_name="period",
            index=models.Index(Coalesce("dosed_on", "planned_on"), name="period_of_day"),
        ),
        migrations.AddIndex(
            model_name="visit",
            index=models.Index(
                Coalesce("performed_on", "planned_on"), condition=Q(period__isnull=False), name="visit_of_day"
            ),
        ),
    ]
